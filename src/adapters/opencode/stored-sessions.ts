import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import { runOpencode, type OpencodeCli } from './opencode-cli.ts';
import type { StoredSession, TitledSession } from '../engine/agent-engine.ts';
import type { PermissionRule } from './permissions.ts';

const StoredSessionSchema = z.object({
  id: z.string(),
  directory: z.string(),
  permission: z.nullable(z.string()),
  time_updated: z.number(),
  messages: z.number(),
  parts: z.number(),
});

const TitledSessionSchema = z.object({
  id: z.string(),
  title: z.string(),
  directory: z.string(),
  time_created: z.number(),
  time_updated: z.number(),
  bytes: z.number(),
});

// Those of today are `ses_` and 26 letters. Another shape is fine as long as it is nothing else in a statement or on a command line.
const SESSION_ID = /^[0-9A-Za-z][0-9A-Za-z_-]{0,127}$/;

/**
 * Runs one statement in opencode's database and gives the rows.
 *
 * @throws AppError `opencode_unexpected` when the answer is not what `row` says
 */
export async function queryDatabase<Row extends z.ZodMiniType>(
  cli: OpencodeCli,
  { statement, row, cwd }: { readonly statement: string; readonly row: Row; readonly cwd: string },
): Promise<z.output<Row>[]> {
  const served = z.array(row).safeParse(await cli.server?.rows(statement)).data;
  if (served !== undefined) return served;
  const { stdout } = await runOpencode(cli, ['db', statement, '--format', 'json'], cwd);
  const text = stdout.trim();
  const parsed = z.array(row).safeParse(text === '' ? [] : tryParse(text));
  if (parsed.success) return parsed.data;
  throw new AppError('opencode_unexpected', words`opencode db answered ${quoted(text, 80)}`, {
    details: text,
    cause: parsed.error,
  });
}

/** What the database has of these sessions. */
export async function describeStoredSessions(
  cli: OpencodeCli,
  ids: readonly string[],
  cwd: string,
): Promise<StoredSession[]> {
  if (ids.length === 0) return [];
  const list = ids.map((id) => `'${checkedSessionId(id)}'`).join(',');
  const counts = ['message', 'part'].map(
    (table) => `(select count(*) from ${table} x where x.session_id = s.id) as ${table}s`,
  );
  const statement = `select s.id, s.directory, s.permission, s.time_updated, ${counts.join(', ')} from session s where s.id in (${list})`;
  return queryDatabase(cli, { statement, row: StoredSessionSchema, cwd });
}

/** How many of the model's messages in a session are complete and without an error (`MessageAbortedError` and others). */
export async function countFinishedAnswers(cli: OpencodeCli, id: string, cwd: string): Promise<number> {
  const conditions = [
    `session_id = '${checkedSessionId(id)}'`,
    "json_extract(data, '$.role') = 'assistant'",
    "json_extract(data, '$.error') is null",
    "json_extract(data, '$.time.completed') is not null",
    // One that calls tools is a step on the way.
    "coalesce(json_extract(data, '$.finish'), '') <> 'tool-calls'",
  ];
  const statement = `select count(*) as answers from message where ${conditions.join(' and ')}`;
  const [row] = await queryDatabase(cli, { statement, row: z.object({ answers: z.number() }), cwd });
  return row?.answers ?? 0;
}

/** The sessions of all projects whose title begins with `prefix`, in one query; subagents' sessions are left out. */
export async function findTitledSessions(cli: OpencodeCli, prefix: string, cwd: string): Promise<TitledSession[]> {
  const sizes = ['message', 'part'].map(
    (table) => `(select coalesce(sum(length(cast(x.data as blob))), 0) from ${table} x where x.session_id = s.id)`,
  );
  const columns = `s.id, s.title, s.directory, s.time_created, s.time_updated, ${sizes.join(' + ')} as bytes`;
  // Not LIKE, which folds case and has wildcards. SQLite counts characters, as does Array.from.
  const condition = `substr(s.title, 1, ${Array.from(prefix).length}) = ${sqlText(prefix)}`;
  const statement = `select ${columns} from session s where s.parent_id is null and ${condition} order by s.id`;
  return queryDatabase(cli, { statement, row: TitledSessionSchema, cwd });
}

/**
 * Replaces the permission rules of a session in the database, which opencode itself can only add to.
 *
 * @throws AppError `opencode_unexpected` when they are not there afterwards
 */
export async function setStoredPermission(
  cli: OpencodeCli,
  {
    id,
    permission,
    cwd,
  }: { readonly id: string; readonly permission: readonly PermissionRule[]; readonly cwd: string },
): Promise<void> {
  const rules = JSON.stringify(permission);
  const statement = `update session set permission=${sqlText(rules)} where id='${checkedSessionId(id)}'`;
  if ((await cli.server?.rows(statement)) === undefined) await runOpencode(cli, ['db', statement], cwd);
  const [stored] = await describeStoredSessions(cli, [id], cwd);
  if (stored?.permission === rules) return;
  throw new AppError('opencode_unexpected', `opencode did not take the permission rules of ${id}`);
}

/** Whether a session id may stand in a statement and on a command line: letters, digits, `_` and, not in front, `-`. */
export function isSessionId(id: string): boolean {
  return SESSION_ID.test(id);
}

/** The id, if it is one as {@link isSessionId} says. @throws AppError `bad_session_id` */
export function checkedSessionId(id: string): string {
  if (isSessionId(id)) return id;
  throw new AppError('bad_session_id', words`not an opencode session id: ${quoted(id, 80)}`, {
    hint: 'it is in a file under sessions/ in the home; start the issue again, or run: kugetsu init --force',
  });
}

/** A text as a literal of a statement. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
