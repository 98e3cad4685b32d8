import { EXIT } from '../../util/exit-codes.ts';
import type { Registration } from '../program.ts';

const WORDS = `
Prints one word:
  ok                        everything is initialised
  kugetsu_not_initialized   there is no index file
  base_session_missing      the base session is missing
  pm_agent_missing          the PM agent's session is missing
Exit codes: 0 for ok, else 3.`;

/** `kugetsu status` */
export function registerStatus({ program, context, exitWith }: Registration): void {
  program
    .command('status')
    .description('say in one word whether kugetsu is initialised')
    .option('--json', 'print an object with the word as status')
    .addHelpText('after', WORDS)
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { initStatus } = await import('../../domain/sessions/init-status.ts');
      const status = await initStatus(context);
      context.terminal.out(json ? JSON.stringify({ status }) : status);
      if (status !== 'ok') exitWith(EXIT.notReady);
    });
}
