import { join } from 'node:path';
import type * as z from 'zod/mini';
import { listDirectory } from '../../adapters/store/directory.ts';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import { AppError, errnoOf, messageOf } from '../../util/errors.ts';
import type { Home } from '../home.ts';
import { QueueItemSchema, type QueueItem } from '../queue/queue-item.ts';
import {
  CoordinatorSessionSchema,
  IndexSchema,
  IssueSessionSchema,
  type CoordinatorSession,
  type Index,
  type IssueSession,
} from '../sessions/session-schema.ts';
import { COORDINATOR_FILES, coordinatorPath } from '../sessions/read-sessions.ts';

/** What was found at a path that should hold something of a certain form. */
export type Found<T> =
  | { readonly state: 'missing' }
  /** `damaged` when its content is at fault, and not the way to it: a mode, a disk. */
  | { readonly state: 'broken'; readonly reason: string; readonly damaged: boolean }
  | { readonly state: 'sound'; readonly value: T };

/** A file of which there are many. */
export interface SurveyedFile<T> {
  /** Its name in its directory. */
  readonly name: string;
  readonly path: string;
  readonly found: Found<T>;
}

/** The state files of a home as they are, sound or not. */
export interface Survey {
  readonly index: Found<Index>;
  readonly base: Found<CoordinatorSession>;
  readonly pmAgent: Found<CoordinatorSession>;
  /** Every session file but those two, whether the index names it or not. */
  readonly issues: readonly SurveyedFile<IssueSession>[];
  readonly items: readonly SurveyedFile<QueueItem>[];
}

/** Reads the state files; what cannot be read is part of the answer. */
export async function surveyHome(home: Home): Promise<Survey> {
  const [index, base, pmAgent, issues, items] = await Promise.all([
    look(home.index, IndexSchema),
    look(coordinatorPath(home, 'base'), CoordinatorSessionSchema),
    look(coordinatorPath(home, 'pm_agent'), CoordinatorSessionSchema),
    lookAtAll(home.sessions, IssueSessionSchema, Object.values(COORDINATOR_FILES)),
    lookAtAll(home.queueItems, QueueItemSchema, []),
  ]);
  return { index, base, pmAgent, issues, items };
}

/** Reads a file against its schema. */
export async function look<Schema extends z.ZodMiniType>(
  path: string,
  schema: Schema,
): Promise<Found<z.output<Schema>>> {
  try {
    const value = await readJsonFile(path, schema);
    return value === undefined ? { state: 'missing' } : { state: 'sound', value };
  } catch (error) {
    const damaged = error instanceof AppError || errnoOf(error) === 'EISDIR';
    return {
      state: 'broken',
      reason: errnoOf(error) === undefined ? messageOf(error) : `${path}: ${messageOf(error)}`,
      damaged,
    };
  }
}

/** What a sound file holds; undefined for any other. */
export function valueOf<T>(found: Found<T>): T | undefined {
  return found.state === 'sound' ? found.value : undefined;
}

/** An issue as the index names it, with its session file. */
export interface TrackedIssue {
  readonly ref: string;
  readonly file: SurveyedFile<IssueSession>;
}

/** The issues that the index names; none when the index itself cannot be read. */
export function trackedIssues({ index, issues }: Survey, home: Home): TrackedIssue[] {
  const files = new Map(issues.map((file) => [file.name, file]));
  return Object.entries(valueOf(index)?.issues ?? {}).map(([ref, name]) => ({
    ref,
    file: files.get(name) ?? { name, path: join(home.sessions, name), found: { state: 'missing' } },
  }));
}

/** The sessions of the issues that the index names, as far as they can be read. */
export function soundSessions(survey: Survey, home: Home): IssueSession[] {
  return trackedIssues(survey, home)
    .map(({ file }) => valueOf(file.found))
    .filter((session) => session !== undefined);
}

async function lookAtAll<Schema extends z.ZodMiniType>(
  directory: string,
  schema: Schema,
  others: readonly string[],
): Promise<SurveyedFile<z.output<Schema>>[]> {
  const names = (await listDirectory(directory)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  return Promise.all(
    names
      .filter((name) => !others.includes(name))
      .toSorted()
      .map(async (name) => {
        const path = join(directory, name);
        return { name, path, found: await look(path, schema) };
      }),
  );
}
