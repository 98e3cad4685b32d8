import { Argument, Command, Option } from 'commander';
import { plainText } from '../util/text.ts';
import type { Terminal } from '../adapters/terminal.ts';
import { epilogue, helpNotes } from './help.ts';
import { requestOf, type Request } from './request.ts';
import { groupOf, GROUPS, TABLE } from './table/all.ts';
import type { ArgumentSpec, Entry, OptionSpec } from './table/entry.ts';
import { meantCommand, meantInstead, usageOf } from './usage-hint.ts';
import { versionText } from './version.ts';

/** What kugetsu is, in a line. */
export const SUMMARY = 'Issue-driven session manager for the opencode coding agent';

/** The narrowest column in which commander breaks what it says of a command. */
const NARROWEST_TEXT = 20;

/** How wide commander makes help that no terminal shows. */
const PIPED_WIDTH = 80;

const USAGE_HINT = '(kugetsu --help shows the commands; kugetsu COMMAND --help shows one)';

interface Wanted {
  readonly terminal: Pick<Terminal, 'out' | 'err'> & Partial<Pick<Terminal, 'columns'>>;
  /** The command line; only what it needs is built, because a command is not free to build. */
  readonly args: readonly string[];
  readonly onRequest: (request: Request) => void;
}

/** The table of commands as commander's: a line that it parses becomes a request, and nothing is done. */
export function createProgram({ terminal, args, onRequest }: Wanted): Command {
  const columns = terminal.columns ?? Infinity;
  const width = Number.isFinite(columns) ? columns : undefined;
  const program = new Command('kugetsu')
    .description(SUMMARY)
    .version(versionText(), '-V, --version', 'print the version; --verbose adds what it was tested with')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError()
    .configureHelp({
      showGlobalOptions: false,
      sortSubcommands: false,
      minWidthToWrap: NARROWEST_TEXT,
      // All of them have options; how they are called is in their own help.
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map((argument) => termOf(argument))].join(' '),
    })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => width ?? PIPED_WIDTH,
      getErrHelpWidth: () => width ?? PIPED_WIDTH,
      // commander quotes what was typed.
      outputError: (text, write) => write(plainText(`${errorLines(text, args).join('\n')}\n`)),
    })
    .addHelpText('after', epilogue(width))
    .addHelpCommand(helpCommand('Look:'))
    .exitOverride();
  for (const entry of neededBy(args)) add(program, entry, { onRequest, width });
  return program;
}

/** Help, and a word that is no command, need the whole tree. */
function neededBy([first = '']: readonly string[]): readonly Entry[] {
  if (first === '--version' || first === '-V') return [];
  const own = TABLE.filter(({ words }) => words === first || words.startsWith(`${first} `));
  if (own.length > 0) return own;
  const headings = Object.keys(GROUPS);
  const place = ({ words }: Entry): number => headings.indexOf(groupOf(words.split(' ')[0] ?? ''));
  // Help shows the groups in the order of their first commands.
  return TABLE.toSorted((one, other) => place(one) - place(other));
}

/** A mistake of a command line as lines: what is wrong, how the command is called, and what was meant. */
function errorLines(text: string, args: readonly string[]): string[] {
  const [message = '', ...suggestions] = text
    .replace(/^error: /, 'kugetsu: ')
    .trimEnd()
    .split('\n');
  if (message.startsWith('kugetsu: unknown command')) {
    const names = TABLE.map(({ words }) => words).filter((words) => !/ |^__/.test(words));
    const instead = meantInstead(args[0] ?? '', names);
    return [message, ...(instead === undefined ? [] : [`  ${instead}`]), USAGE_HINT];
  }
  const meant = meantCommand(args);
  if (meant !== undefined) return [message, ...suggestions, `  run: ${meant}`];
  const usage = usageOf(args);
  return [message, ...suggestions, ...(usage === undefined ? [] : [`  usage: ${usage}`]), USAGE_HINT];
}

function add(
  program: Command,
  entry: Entry,
  { onRequest, width }: Pick<Wanted, 'onRequest'> & { readonly width: number | undefined },
): void {
  const names = entry.words.split(' ');
  const group = program.commands.find((each) => names.length > 1 && each.name() === names[0]) ?? program;
  const isDefault = entry.load !== undefined && entry.isDefault === true;
  const added = group
    .command(names.at(-1) ?? '', { hidden: entry.words.startsWith('__'), isDefault })
    .description(entry.summary)
    .helpGroup(groupOf(entry.words))
    .addHelpText('after', helpNotes(entry, width));
  if (entry.load === undefined) {
    added.addHelpCommand(helpCommand(groupOf(`${entry.words} help`)));
    return;
  }
  for (const argument of Object.values(entry.takes)) added.addArgument(argumentOf(argument));
  for (const option of Object.values(entry.options)) added.addOption(optionOf(option));
  added.action(() => onRequest(requestOf(entry, added.processedArgs, added.opts())));
}

function helpCommand(group: string): Command {
  return new Command('help').argument('[command]').description('show help for a command').helpGroup(group);
}

function termOf(argument: Argument): string {
  const { required, variadic } = argument;
  const text = `${argument.name()}${variadic ? '...' : ''}`;
  return required ? `<${text}>` : `[${text}]`;
}

function argumentOf({ kind, name, about, is, fallback }: ArgumentSpec): Argument {
  const form = kind === 'required' ? `<${name}>` : kind === 'rest' ? `[${name}...]` : `[${name}]`;
  const argument = new Argument(form, about);
  if (typeof is === 'object' && 'oneOf' in is) argument.choices(is.oneOf);
  return fallback === undefined ? argument : argument.default(fallback);
}

function optionOf({ kind, long, short, name, about, is, fallback }: OptionSpec): Option {
  const words = short === undefined ? long : `${short}, ${long}`;
  const option = new Option(name === undefined ? words : `${words} <${name}>`, about);
  if (typeof is === 'object' && 'oneOf' in is) option.choices(is.oneOf);
  if (kind === 'values') {
    const values: string[] = [];
    option.argParser((value) => {
      values.push(value);
      return values;
    });
  }
  return fallback === undefined ? option : option.default(fallback);
}
