import { join } from 'node:path';
import { readJsonFile } from '../../adapters/store/json-file.ts';
import type { Home } from '../home.ts';
import {
  CoordinatorSessionSchema,
  IndexSchema,
  IssueSessionSchema,
  type CoordinatorSession,
  type Index,
  type IssueSession,
} from './session-schema.ts';

/** The files of the sessions that belong to no issue, under `sessions/`. */
export const COORDINATOR_FILES = { base: 'base.json', pm_agent: 'pm-agent.json' } as const;

type HomeOnly = { readonly home: Home };

/** The index; undefined before `init`. */
export async function readIndex({ home }: HomeOnly): Promise<Index | undefined> {
  return readJsonFile(home.index, IndexSchema);
}

/** The base session; undefined when the index names none or its file is gone. */
export async function readBase(context: HomeOnly): Promise<CoordinatorSession | undefined> {
  return readCoordinator(context, 'base');
}

/** The PM agent's session; undefined when the index names none or its file is gone. */
export async function readPmAgent(context: HomeOnly): Promise<CoordinatorSession | undefined> {
  return readCoordinator(context, 'pm_agent');
}

/** The session of an issue; undefined when it is not tracked. */
export async function readIssueSession(context: HomeOnly, ref: string): Promise<IssueSession | undefined> {
  const file = (await readIndex(context))?.issues[ref];
  return file === undefined ? undefined : readIssueFile(context, file);
}

async function readIssueFile({ home }: HomeOnly, file: string): Promise<IssueSession | undefined> {
  return readJsonFile(join(home.sessions, file), IssueSessionSchema);
}

/** Every tracked issue session, in the order of the index. */
export async function readIssueSessions(context: HomeOnly): Promise<IssueSession[]> {
  return readSessions(context, async (error) => {
    throw error;
  });
}

/** As {@link readIssueSessions}, but a file that cannot be read is left out: it holds up no other issue. */
export async function readSoundIssueSessions(context: HomeOnly): Promise<IssueSession[]> {
  return readSessions(context, async () => undefined);
}

async function readSessions(
  context: HomeOnly,
  onBroken: (error: unknown) => Promise<undefined>,
): Promise<IssueSession[]> {
  const index = await readIndex(context);
  const sessions: IssueSession[] = [];
  for (const file of Object.values(index?.issues ?? {})) {
    const session = await readIssueFile(context, file).catch(onBroken);
    if (session !== undefined) sessions.push(session);
  }
  return sessions;
}

async function readCoordinator(
  context: HomeOnly,
  type: CoordinatorSession['type'],
): Promise<CoordinatorSession | undefined> {
  const index = await readIndex(context);
  if (index === undefined || index[type] === null) return undefined;
  return readJsonFile(coordinatorPath(context.home, type), CoordinatorSessionSchema);
}

/** The file of a session that belongs to no issue. */
export function coordinatorPath(home: Home, type: CoordinatorSession['type']): string {
  return join(home.sessions, COORDINATOR_FILES[type]);
}
