import { readFileSync } from 'node:fs';
import type * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { readTextAtOnce, readTextIfExists, replaceFile } from './private-files.ts';

/** The form of a file, for the code that reads it and for messages about it. */
export interface FileForm<Schema extends z.ZodMiniType> {
  /** What loads it, where most values are known without. */
  readonly schema: Schema | (() => Promise<Schema>);
  /** What a person calls the file: `session file`. */
  readonly what: string;
  /**
   * Brings what an older program wrote, or what lacks something, into today's form, as far as that can be known; the
   * schema then says whether it is whole.
   */
  readonly complete?: (value: unknown) => unknown;
  /** Whether a value is certainly one that the schema would leave as it is. It is asked first, because it takes a tenth of the time. */
  readonly isPlain?: (value: unknown) => value is z.output<Schema>;
}

/**
 * Reads a JSON file of a form; undefined when there is none.
 *
 * @throws AppError `corrupt_file` that names the file and says in words what is wrong; its bytes stay as they are
 */
export async function readJsonFile<Schema extends z.ZodMiniType>(
  path: string,
  form: FileForm<Schema>,
): Promise<z.output<Schema> | undefined> {
  const text = await readTextIfExists(path);
  return text === undefined ? undefined : readText({ path, text, form });
}

/** As {@link readJsonFile}, but it blocks: to wait for each of very many small files takes twice as long as to read them. */
export async function readJsonFileAtOnce<Schema extends z.ZodMiniType>(
  path: string,
  form: FileForm<Schema>,
): Promise<z.output<Schema> | undefined> {
  const text = readTextAtOnce(path);
  return text === undefined ? undefined : parseJson({ path, text, form });
}

/** What is in a file that may have been read before. What lacks something is completed anew: with what, the file does not say. */
async function readText<Schema extends z.ZodMiniType>(options: ParseOptions<Schema>): Promise<z.output<Schema>> {
  const { path, text, form } = options;
  const { schema } = form;
  const known = knownValue(path, { text, schema });
  if (known !== undefined) return known as z.output<Schema>;
  const { value, isWhole } = await parseWhole(options);
  if (isWhole) keepValue(path, { text, schema, value });
  return value;
}

/**
 * What a JSON file holds, if that is certainly of a form; undefined when there is no such file, and when {@link readJsonFile} has to
 * look closely. It blocks: in a long list, even a promise for each file is dear.
 */
export function readPlainFileAtOnce<Value>(
  path: string,
  isPlain: (value: unknown) => value is Value,
): Value | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  return isPlain(value) ? value : undefined;
}

/** Replaces a JSON file whole: atomic, durable, mode 0600. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

interface ParseOptions<Schema extends z.ZodMiniType> {
  readonly path: string;
  readonly text: string;
  readonly form: FileForm<Schema>;
}

/**
 * The value that a text of a form holds.
 *
 * @param options.path what has the text, for messages: a file, or a row of a table
 * @throws AppError `corrupt_file`
 */
export async function parseJson<Schema extends z.ZodMiniType>(
  options: ParseOptions<Schema>,
): Promise<z.output<Schema>> {
  return (await parseWhole(options)).value;
}

/** The value, and whether its text has all of it. */
async function parseWhole<Schema extends z.ZodMiniType>({
  path,
  text,
  form: { schema, what, complete, isPlain },
}: ParseOptions<Schema>): Promise<{ readonly value: z.output<Schema>; readonly isWhole: boolean }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = text.trim() === '' ? 'it is empty' : 'it is not JSON (cut off?)';
    throw corruptFile(`cannot read ${path}: ${reason}`, error);
  }
  if (isPlain?.(value) === true) return { value, isWhole: true };
  const whole: unknown = complete === undefined ? value : await complete(value);
  const parsed = (typeof schema === 'function' ? await schema() : schema).safeParse(whole);
  if (parsed.success) return { value: parsed.data, isWhole: whole === value };
  const { whatIsWrong } = await import('./schema-words.ts');
  throw corruptFile(`${what} ${path} ${whatIsWrong(parsed.error.issues[0], whole)}`, parsed.error);
}

function corruptFile(message: string, cause: unknown): AppError {
  return new AppError('corrupt_file', message, {
    hint: 'restore it from a back-up, or move it away and run the command again; kugetsu has not changed it',
    cause,
  });
}

/** What a file held when it was read last. */
interface Known {
  readonly text: string;
  readonly schema: object;
  readonly value: unknown;
}

/** In characters of text, of all files and of one: what a daemon looks at again and again takes far less. */
const MOST_IN_ALL = 512 * 1024;
const MOST_IN_ONE = 64 * 1024;

let inAll = 0;
const known = new Map<string, Known>();

/**
 * The value that a file was found to hold, when it has the same text as then: to compare that takes a tenth of the time of
 * parsing and checking it anew, and is as certain. Undefined when it has not.
 */
function knownValue(path: string, { text, schema }: Omit<Known, 'value'>): unknown {
  const last = known.get(path);
  return last !== undefined && last.text === text && last.schema === schema ? last.value : undefined;
}

/** Keeps that for the next time. From now on nobody can change the value: it is also that of whoever reads the file next. */
function keepValue(path: string, found: Known): void {
  forget(path);
  if (found.text.length > MOST_IN_ONE) return;
  freeze(found.value);
  known.set(path, found);
  inAll += found.text.length;
  for (const oldest of known.keys()) {
    if (inAll <= MOST_IN_ALL) return;
    forget(oldest);
  }
}

function forget(path: string): void {
  inAll -= known.get(path)?.text.length ?? 0;
  known.delete(path);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each);
}
