import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../plain-call.ts';
import type { Registration } from '../program.ts';
import { helpNotes } from './help-notes.ts';

interface StatusOptions {
  readonly json?: boolean;
}

const WORDS = `
Prints one word:
  ok                        everything is initialised
  kugetsu_not_initialized   there is no index file
  base_session_missing      the base session is missing
  pm_agent_missing          the PM agent's session is missing`;

/** `kugetsu status` */
export function registerStatus(registration: Registration): void {
  registration.program
    .command('status')
    .description('say in one word whether kugetsu is initialised')
    .option('--json', 'print an object with the word as status')
    .addHelpText('after', WORDS)
    .addHelpText('after', helpNotes(['kugetsu status && kugetsu queue-daemon start'], '0 for ok, 2 usage, else 3'))
    .action(async (options: StatusOptions) => status(registration, options));
}

/** Prints the word; every other one than `ok` ends with exit code 3. */
export async function status({ context, exitWith }: Call, { json = false }: StatusOptions = {}): Promise<void> {
  const { initStatus } = await import('../../domain/sessions/init-status.ts');
  const word = await initStatus(context);
  context.terminal.out(json ? JSON.stringify({ status: word }) : word);
  if (word !== 'ok') exitWith(EXIT.notReady);
}
