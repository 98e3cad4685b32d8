import type { Command } from 'commander';
import type { CliContext } from '../src/cli/context.ts';
import { createProgram } from '../src/cli/program.ts';
import { SETTING_DESCRIPTIONS } from '../src/domain/settings-schema.ts';

/** The manual page kugetsu(1), in man's own format, made of what the help of every command says. */
export function manPage(version: string): string {
  let printed = '';
  const terminal = { out: (text: string) => (printed += text), err: () => undefined };
  // Building the command line needs no more of a context than this; no command runs.
  const { program } = createProgram({ terminal } as unknown as CliContext);
  /** What help says behind the parts that it makes by itself. */
  const notes = (command: Command): string => {
    printed = '';
    command.outputHelp();
    return printed.slice(command.helpInformation().length).trim();
  };
  return [
    `.TH KUGETSU 1 "" "kugetsu ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    `kugetsu \\- ${escaped(program.description())}`,
    '.SH SYNOPSIS',
    '.B kugetsu',
    '.I command',
    '.RI [ argument " .\\|.\\|.]"',
    '.SH DESCRIPTION',
    ...literal(notes(program)).slice(1),
    '.SH COMMANDS',
    ...subcommands(program).flatMap((command) => section(command, notes)),
    '.SH SETTINGS',
    'In ~/.kugetsu/config or the environment:',
    ...SETTING_DESCRIPTIONS.flatMap(({ key, fallback, summary }) => item(`${key} (${fallback})`, summary)),
    '',
  ].join('\n');
}

function section(command: Command, notes: (command: Command) => string): string[] {
  const help = command.createHelp();
  const children = subcommands(command);
  const own = [
    `.SS "${escaped(help.commandUsage(command)).replaceAll('"', '\\(dq')}"`,
    `${escaped(upperFirst(command.description()))}.`,
    ...help.visibleArguments(command).flatMap((argument) => item(argument.name(), help.argumentDescription(argument))),
    ...help.visibleOptions(command).flatMap((option) => item(help.optionTerm(option), help.optionDescription(option))),
    ...literal(notes(command)),
  ];
  return [...own, ...children.flatMap((child) => section(child, notes))];
}

function subcommands(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}

function item(term: string, description: string): string[] {
  return ['.TP', `.B ${escaped(term)}`, escaped(description)];
}

function literal(text: string): string[] {
  const lines = text.split('\n').map((line) => escaped(line));
  return ['.PP', '.nf', ...lines.map((line) => (line === '' ? '\\&' : line)), '.fi'];
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/, '\\&');
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
