import type * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { readTextAtOnce, readTextIfExists, replaceFile } from './private-files.ts';

/**
 * Reads a JSON file against its schema; undefined when there is none.
 *
 * @throws AppError `corrupt_file` that names the file; its bytes stay as they are
 */
export async function readJsonFile<Schema extends z.ZodMiniType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const text = await readTextIfExists(path);
  return text === undefined ? undefined : parseJson({ path, text, schema });
}

/** As {@link readJsonFile}, but it blocks: to wait for each of very many small files takes twice as long as to read them. */
export async function readJsonFileAtOnce<Schema extends z.ZodMiniType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const text = readTextAtOnce(path);
  return text === undefined ? undefined : parseJson({ path, text, schema });
}

/** Replaces a JSON file whole: atomic, durable, mode 0600. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

interface ParseOptions<Schema extends z.ZodMiniType> {
  readonly path: string;
  readonly text: string;
  readonly schema: Schema;
}

async function parseJson<Schema extends z.ZodMiniType>({
  path,
  text,
  schema,
}: ParseOptions<Schema>): Promise<z.output<Schema>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corruptFile(path, text === '' ? 'it is empty' : 'it is not JSON (cut off?)', error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw corruptFile(path, await whatIsWrong(value, schema), parsed.error);
}

/** The first thing in which a value is not what its schema says. */
async function whatIsWrong(value: unknown, schema: z.ZodMiniType): Promise<string> {
  const { nameWhatIsExpected } = await import('./schema-words.ts');
  nameWhatIsExpected();
  const issue = schema.safeParse(value).error?.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the whole' : issue.path.map(String).join('.');
  return `${where}: ${issue?.message ?? 'not as expected'}`;
}

function corruptFile(path: string, reason: string, cause: unknown): AppError {
  return new AppError('corrupt_file', `cannot read ${path}: ${reason}`, {
    hint: 'restore it from a back-up, or move it away and run the command again; kugetsu has not changed it',
    cause,
  });
}
