import { Argument, Command, Option } from 'commander';
import { plainText } from '../util/text.ts';
import type { Terminal } from '../adapters/terminal.ts';
import { helpNotes } from './help.ts';
import { requestOf, type Request } from './request.ts';
import { TABLE } from './table/all.ts';
import type { ArgumentSpec, Entry, OptionSpec } from './table/entry.ts';
import { meantCommand } from './usage-hint.ts';
import { versionText } from './version.ts';

/** What kugetsu is, in a line. */
export const SUMMARY = 'Issue-driven session manager for the opencode coding agent';

/** What help says behind the list of the commands. */
export const EPILOGUE = `
Examples:
  kugetsu init                                                      once, in a checkout of your project
  kugetsu start github.com/shoko/kugetsu#14 "fix the bug" --follow  an agent at work on an issue
  kugetsu delegate "work on issue #14"                              a task for the queue (kugetsu queue-daemon start)

Issue refs have the form instance/owner/repo#identifier: github.com/shoko/kugetsu#14, or …#-name for a discussion.
A server's name can stand for instance; owner/repo#identifier is on the default server (kugetsu server --help).
State is kept under ~/.kugetsu; KUGETSU_DIR names another directory.
Exit codes: 0 done, 1 failed, 2 usage, 3 not ready, 4 busy, 130 interrupted.`;

const USAGE_HINT = '(kugetsu --help shows the commands; kugetsu COMMAND --help shows one)\n';

interface Wanted {
  readonly terminal: Pick<Terminal, 'out' | 'err'>;
  /** The command line; only what it needs is built, because a command is not free to build. */
  readonly args: readonly string[];
  readonly onRequest: (request: Request) => void;
}

/** The table of commands as commander's: a line that it parses becomes a request, and nothing is done. */
export function createProgram({ terminal, args, onRequest }: Wanted): Command {
  const program = new Command('kugetsu')
    .description(SUMMARY)
    .version(versionText(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      // commander quotes what was typed.
      outputError(text, write) {
        const meant = meantCommand(args);
        const hint = meant === undefined ? USAGE_HINT : `  run: ${meant}\n`;
        write(plainText(`${text.replace(/^error: /, 'kugetsu: ')}${hint}`));
      },
    })
    .addHelpText('after', EPILOGUE)
    .exitOverride();
  for (const entry of neededBy(args)) add(program, entry, onRequest);
  return program;
}

/** Help, and a word that is no command, need the whole tree. */
function neededBy([first = '']: readonly string[]): readonly Entry[] {
  if (first === '--version' || first === '-V') return [];
  const own = TABLE.filter(({ words }) => words === first || words.startsWith(`${first} `));
  return own.length === 0 ? TABLE : own;
}

function add(program: Command, entry: Entry, onRequest: Wanted['onRequest']): void {
  const names = entry.words.split(' ');
  const group = program.commands.find((each) => names.length > 1 && each.name() === names[0]) ?? program;
  const isDefault = entry.load !== undefined && entry.isDefault === true;
  const added = group
    .command(names.at(-1) ?? '', { hidden: entry.words.startsWith('__'), isDefault })
    .description(entry.summary)
    .addHelpText('after', helpNotes(entry));
  if (entry.load === undefined) return;
  for (const argument of Object.values(entry.takes)) added.addArgument(argumentOf(argument));
  for (const option of Object.values(entry.options)) added.addOption(optionOf(option));
  added.action(() => onRequest(requestOf(entry, added.processedArgs, added.opts())));
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
