import { oneLine } from '../../util/text.ts';
import type { Call } from '../call.ts';
import { complete, type Candidate } from '../completion/complete.ts';
import type { CliContext } from '../context.ts';
import { withoutAlias } from '../plain-call.ts';
import type { ValueKind } from '../table/entry.ts';

/** Prints what may come next, one a line, with a tab before its description; the last word is being completed. */
export async function completeWords(
  { context }: Call,
  { words }: { readonly words: readonly string[] },
): Promise<void> {
  const { TABLE } = await import('../table/all.ts');
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const { candidates, value, prefix } = complete(TABLE, withoutAlias(typed), current);
  const values = (await wordsOf(context, value, current.slice(prefix.length))).map((word) => ({
    word: `${prefix}${word}`,
    description: '',
  }));
  const fitting = [...candidates, ...values].filter(({ word }) => word.startsWith(current));
  context.terminal.out(fitting.map(line).join('\n'));
}

async function wordsOf(context: CliContext, value: ValueKind | undefined, current: string): Promise<readonly string[]> {
  if (value === undefined || value === 'text') return [];
  if ('words' in value) return value.words;
  if ('oneOf' in value) return value.oneOf;
  const { liveValues } = await import('../completion/live-values.ts');
  return (await Promise.all(value.live.map(async (kind) => liveValues(context, kind, current)))).flat();
}

function line({ word, description }: Candidate): string {
  return description === '' ? word : `${word}\t${oneLine(description, 60)}`;
}
