import { EXIT } from '../../util/exit-codes.ts';
import type { Registration } from '../program.ts';
import { helpNotes } from './help-notes.ts';

const WORDS = `
Prints one word:
  ok                        everything is initialised
  kugetsu_not_initialized   there is no index file
  base_session_missing      the base session is missing
  pm_agent_missing          the PM agent's session is missing`;

/** `kugetsu status` */
export function registerStatus({ program, context, exitWith }: Registration): void {
  program
    .command('status')
    .description('say in one word whether kugetsu is initialised')
    .option('--json', 'print an object with the word as status')
    .addHelpText('after', WORDS)
    .addHelpText('after', helpNotes(['kugetsu status && kugetsu queue-daemon start'], '0 for ok, 2 usage, else 3'))
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { initStatus } = await import('../../domain/sessions/init-status.ts');
      const status = await initStatus(context);
      context.terminal.out(json ? JSON.stringify({ status }) : status);
      if (status !== 'ok') exitWith(EXIT.notReady);
    });
}
