import type { Home } from '../home.ts';
import type { HomeSession, Index } from './home-session-schema.ts';
import type { IssueSession } from './session-schema.ts';
import { readHomeSessionFile, readIndexFile, readIssueFile } from './session-files.ts';

type HomeOnly = { readonly home: Home };

/** The index; undefined before `init`. */
export async function readIndex({ home }: HomeOnly): Promise<Index | undefined> {
  return readIndexFile(home);
}

/** The base session; undefined when the index names none or its file is gone. */
export async function readBase(context: HomeOnly): Promise<HomeSession | undefined> {
  return readHomeSession(context, 'base');
}

/** The PM agent's session; undefined when the index names none or its file is gone. */
export async function readPmAgent(context: HomeOnly): Promise<HomeSession | undefined> {
  return readHomeSession(context, 'pm_agent');
}

/** The session of an issue; undefined when it is not tracked. */
export async function readIssueSession(context: HomeOnly, ref: string): Promise<IssueSession | undefined> {
  const file = (await readIndex(context))?.issues[ref];
  return file === undefined ? undefined : readIssueFile(context.home, file, ref);
}

/** The name that the files of an issue have; undefined when it is not tracked. */
export async function readName(context: HomeOnly, ref: string): Promise<string | undefined> {
  return (await readIndex(context))?.issues[ref]?.replace(/\.json$/, '');
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
  for (const [ref, file] of Object.entries(index?.issues ?? {})) {
    const session = await readIssueFile(context.home, file, ref).catch(onBroken);
    if (session !== undefined) sessions.push(session);
  }
  return sessions;
}

async function readHomeSession(context: HomeOnly, type: HomeSession['type']): Promise<HomeSession | undefined> {
  const index = await readIndex(context);
  if (index === undefined || index[type] === null) return undefined;
  return readHomeSessionFile(context.home, type);
}
