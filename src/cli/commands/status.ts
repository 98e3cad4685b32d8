import { EXIT } from '../../util/exit-codes.ts';
import type { Call, Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';

interface StatusOptions {
  readonly json?: boolean;
}

const WORDS = `
Prints one word:
  ok                        everything is initialised
  kugetsu_not_initialized   there is no index file
  base_session_missing      the base session is missing, or opencode has lost it
  pm_agent_missing          the PM agent's session is missing, or opencode has lost it
Where opencode cannot be asked, that is said on standard error.`;

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
  const { sessionStatus } = await import('../../domain/sessions/session-status.ts');
  const { status: word, problem } = await sessionStatus(context);
  context.terminal.out(json ? JSON.stringify({ status: word }) : word);
  if (problem !== undefined) {
    const doubt = word === 'ok' ? 'opencode could not be asked whether it has the sessions: ' : '';
    context.terminal.err(`kugetsu: ${doubt}${problem.message}`);
    if (problem.hint !== undefined) context.terminal.err(`  ${problem.hint}`);
  }
  await tellElsewhere(context);
  if (word !== 'ok') exitWith(EXIT.notReady);
}

/** What other containers and machines do with this home is seen by nothing but its heartbeat. */
async function tellElsewhere({ home, terminal }: Call['context']): Promise<void> {
  const { workElsewhere } = await import('../../domain/runs/elsewhere.ts');
  for (const line of workElsewhere(home)) terminal.err(`note: ${line}`);
}
