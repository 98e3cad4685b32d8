import type { Command } from 'commander';
import { callingAgent, peopleOnly, type CallingAgent } from '../domain/runs/agent-rights.ts';
import type { Context } from '../domain/context.ts';

/** A command line as it was parsed. */
interface ParsedLine {
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a command line would do to others, when an agent may not run it; undefined when it may. */
type Reason = (line: ParsedLine, caller: CallingAgent) => string | undefined;

const always =
  (why: string): Reason =>
  () =>
    why;

const SETTINGS = 'settings are for every agent and for the queue';
const SERVERS = 'it decides where every agent clones from, and which token goes where';
const YOUR_FILES = 'it changes files of the person who runs kugetsu';
const DAEMON = 'the queue works for others, too';

const PEOPLE_FLAGS = new Set(['base', 'pmAgent', 'fix', 'fixPermissions']);

/** What only a person may run, by the words of the command. */
export const PEOPLE_ONLY: Readonly<Record<string, Reason>> = {
  init: always('every later agent inherits the sessions that it makes'),
  destroy: ({ options }) =>
    options['base'] === true || options['pmAgent'] === true ? 'every later agent inherits these sessions' : undefined,
  // What is in `default` an agent has already; to change it would change every agent's.
  'env get': ofOthers(({ args: [, agent] }) => agent, { but: 'default', why: 'it can hold secrets of another agent' }),
  'env set': ofOthers(({ args: [, , agent] }) => agent, { why: 'it would change what other agents are given' }),
  'env rm': ofOthers(({ args: [, agent] }) => agent, { why: 'it would change what other agents are given' }),
  'config set': always(SETTINGS),
  'config unset': always(SETTINGS),
  'server add': always(SERVERS),
  'server remove': always(SERVERS),
  'server default': always(SERVERS),
  'queue clear': always('it removes tasks of others'),
  'queue-daemon stop': always(DAEMON),
  'queue-daemon restart': always(DAEMON),
  'queue-daemon install': always('it changes what starts with this machine'),
  'queue-daemon uninstall': always('it changes what starts with this machine'),
  'skill install': always(YOUR_FILES),
  'skill uninstall': always(YOUR_FILES),
  'completion install': always(YOUR_FILES),
  'completion uninstall': always(YOUR_FILES),
  doctor: ({ options }) =>
    options['fix'] === true || options['fixPermissions'] === true
      ? 'it changes files that other agents work with'
      : undefined,
};

/**
 * Refuses a command line that only a person may run, when an agent called it; before anything of it is done.
 *
 * @throws AppError `people_only`
 */
export function requireAgentMay({ env }: Pick<Context, 'env'>, command: Command): void {
  const caller = callingAgent(env);
  if (caller === undefined) return;
  const words = wordsOf(command);
  const reason = Object.hasOwn(PEOPLE_ONLY, words) ? PEOPLE_ONLY[words] : undefined;
  const why = reason?.({ args: command.processedArgs, options: command.opts() }, caller);
  if (why !== undefined) throw peopleOnly(`kugetsu ${words}${flagsOf(command)}`, why);
}

/** For a command that names an agent: an agent may name itself, and what `but` says. */
function ofOthers(
  named: (line: ParsedLine) => unknown,
  { but, why }: { readonly but?: string; readonly why: string },
): Reason {
  return (line, { agent }) => {
    const other = named(line);
    return other === but || (agent !== undefined && other === agent) ? undefined : why;
  };
}

function wordsOf(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${wordsOf(above)} ${command.name()}`;
}

/** The flags that make a line one for people, as they are typed. */
function flagsOf(command: Command): string {
  const given = command.options.filter((option) => PEOPLE_FLAGS.has(option.attributeName()));
  return given
    .filter((option) => command.opts()[option.attributeName()] === true)
    .map(({ long }) => ` ${long ?? ''}`)
    .join('');
}
