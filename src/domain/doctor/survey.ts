import { join } from 'node:path';
import { listDirectory } from '../../adapters/store/directory.ts';
import { AppError, errnoOf, messageOf } from '../../util/errors.ts';
import type { Home } from '../home.ts';
import type { QueueItem } from '../queue/queue-item.ts';
import { readItem } from '../queue/task-files.ts';
import type { HomeSession, Index } from '../sessions/home-session-schema.ts';
import type { IssueSession } from '../sessions/session-schema.ts';
import {
  HOME_SESSION_FILES,
  homeSessionPath,
  readHomeSessionFile,
  readIndexFile,
  readIssueFile,
} from '../sessions/session-files.ts';

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
  readonly base: Found<HomeSession>;
  readonly pmAgent: Found<HomeSession>;
  /** Every session file except those two, whether or not the index names it. */
  readonly issues: readonly SurveyedFile<IssueSession>[];
  readonly items: readonly SurveyedFile<QueueItem>[];
}

/** Reads the state files; what cannot be read is part of the answer. */
export async function surveyHome(home: Home): Promise<Survey> {
  const index = await look(home.index, async () => readIndexFile(home));
  const refs = new Map(Object.entries(valueOf(index)?.issues ?? {}).map(([ref, file]) => [file, ref]));
  const [base, pmAgent, issues, items] = await Promise.all([
    look(homeSessionPath(home, 'base'), async () => readHomeSessionFile(home, 'base')),
    look(homeSessionPath(home, 'pm_agent'), async () => readHomeSessionFile(home, 'pm_agent')),
    lookAtAll(home.sessions, async (name) => readIssueFile(home, name, refs.get(name))),
    lookAtAll(home.queueItems, async (name) => readItem({ home }, name.slice(0, -JSON_END.length))),
  ]);
  const homeSessions: readonly string[] = Object.values(HOME_SESSION_FILES);
  return { index, base, pmAgent, issues: issues.filter(({ name }) => !homeSessions.includes(name)), items };
}

const JSON_END = '.json';

/** Reads a file with `read`, which knows its form. */
export async function look<T>(path: string, read: () => Promise<T | undefined>): Promise<Found<T>> {
  try {
    const value = await read();
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

/** The tasks, as far as they can be read. */
export function soundItems({ items }: Survey): QueueItem[] {
  return items.map(({ found }) => valueOf(found)).filter((item) => item !== undefined);
}

async function lookAtAll<T>(
  directory: string,
  read: (name: string) => Promise<T | undefined>,
): Promise<SurveyedFile<T>[]> {
  const names = (await listDirectory(directory)).filter((name) => name.endsWith(JSON_END) && !name.startsWith('.'));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const path = join(directory, name);
      return { name, path, found: await look(path, async () => read(name)) };
    }),
  );
}
