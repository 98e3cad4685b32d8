import type * as z from 'zod/mini';
import { oneLine } from '../../util/text.ts';

type Issue = z.core.$ZodIssue;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};

/**
 * What a schema finds wrong with the value of a file, as the rest of a sentence that begins with the file: `has no
 * issue_ref`, `has a number as message, not text`. A value is not shown: it may be a secret.
 */
export function whatIsWrong(issue: Issue | undefined, value: unknown): string {
  if (issue === undefined) return 'is not valid';
  const where = nameOf(issue.path);
  const found = valueAt(value, issue.path);
  if (where === '') return `holds ${kindOf(found)}, not ${expected(issue)}`;
  if (found === undefined) return `has no ${where}`;
  if (issue.code === 'invalid_value') return `has a ${where} other than ${oneOf(issue.values)}`;
  if (issue.code === 'invalid_type') return `has ${kindOf(found)} as ${where}, not ${expected(issue)}`;
  return `has ${kindOf(found)} as ${where}, which is not valid`;
}

function expected(issue: Issue): string {
  return issue.code === 'invalid_type' ? (KINDS[issue.expected] ?? issue.expected) : 'a valid value';
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return KINDS[typeof value] ?? typeof value;
}

function oneOf(values: readonly unknown[]): string {
  const [last, ...others] = values.map(String).toReversed();
  return others.length === 0 ? String(last) : `${others.toReversed().join(', ')} or ${last}`;
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${oneLine(String(part), 80)}`,
    )
    .join('');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (found, part) => (typeof found === 'object' && found !== null ? Reflect.get(found, part) : undefined),
    value,
  );
}
