import { epilogue, helpNotes } from '../src/cli/help.ts';
import { SUMMARY } from '../src/cli/program.ts';
import { TABLE } from '../src/cli/table/all.ts';
import type { ArgumentSpec, Entry, OptionSpec } from '../src/cli/table/entry.ts';
import { usageLine } from '../src/cli/usage-hint.ts';
import { SETTING_DESCRIPTIONS } from '../src/domain/setting-descriptions.ts';

/** The manual page kugetsu(1), in man's own format, made of the table of commands. */
export function manPage(version: string): string {
  const visible = TABLE.filter(({ words }) => !words.startsWith('__'));
  return [
    `.TH KUGETSU 1 "" "kugetsu ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    `kugetsu \\- ${escaped(SUMMARY)}`,
    '.SH SYNOPSIS',
    '.B kugetsu',
    '.I command',
    '.RI [ argument " .\\|.\\|.]"',
    '.SH DESCRIPTION',
    ...literal(epilogue().trim()).slice(1),
    '.SH COMMANDS',
    ...visible.flatMap(section),
    '.SH SETTINGS',
    'In ~/.kugetsu/config or the environment:',
    ...SETTING_DESCRIPTIONS.flatMap(({ key, fallback, summary }) => item(`${key} (${fallback})`, summary)),
    '',
  ].join('\n');
}

function section(entry: Entry): string[] {
  return [
    `.SS "${escaped(usageLine(entry)).replaceAll('"', '\\(dq')}"`,
    `${escaped(upperFirst(entry.summary))}.`,
    ...(entry.load === undefined
      ? []
      : Object.values(entry.takes).flatMap((argument) => item(argument.name, about(argument)))),
    ...(entry.load === undefined
      ? []
      : Object.values(entry.options).flatMap((option) => item(flags(option), about(option)))),
    ...literal(helpNotes(entry).trim()),
  ];
}

function flags({ short, long, name }: OptionSpec): string {
  const words = short === undefined ? long : `${short}, ${long}`;
  return name === undefined ? words : `${words} <${name}>`;
}

function about({ about: text = '', is, fallback }: ArgumentSpec | OptionSpec): string {
  const choices = typeof is === 'object' && 'oneOf' in is ? [`choices: ${is.oneOf.join(', ')}`] : [];
  const notes = [...choices, ...(fallback === undefined ? [] : [`default: ${fallback}`])];
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`;
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
