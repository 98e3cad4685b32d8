import { join } from 'node:path';
import * as z from 'zod/mini';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import type { Context } from '../context.ts';
import { isTaskId } from '../issues/task-id.ts';
import { readName } from '../sessions/read-sessions.ts';

type HomeOnly = Pick<Context, 'home'>;

/** `queue/outbox/<name of the issue's files>.json`: the fleet is to be told that this host has the issue. */
const BegunAloneSchema = z.looseObject({ issue_ref: z.string() });

/** Notes that an issue was begun here while the queue of the fleet could not be reached; durable when this returns. */
export async function noteBegunAlone(context: HomeOnly, ref: string): Promise<void> {
  const name = await readName(context, ref);
  if (name === undefined) return;
  await writeJsonFile(join(context.home.queueOutbox, `${name}.json`), { issue_ref: ref });
}

/** The paths of those notes. */
export async function begunAlonePaths({ home }: HomeOnly): Promise<readonly string[]> {
  const names = await listDirectory(home.queueOutbox);
  return names
    .filter((name) => name.endsWith('.json') && !isTaskId(name.slice(0, -'.json'.length)))
    .map((name) => join(home.queueOutbox, name));
}

/** The issue of a note; undefined when there is none. @throws AppError `corrupt_file` */
export async function readBegunAlone(path: string): Promise<string | undefined> {
  return (await readJsonFile(path, { schema: BegunAloneSchema, what: 'note of an issue' }))?.issue_ref;
}
