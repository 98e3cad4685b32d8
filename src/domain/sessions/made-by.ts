import type { Context } from '../context.ts';
import { readBase, readPmAgent } from './read-sessions.ts';

/** What made the sessions of a home that does not say: kugetsu 0.1.0 and the bash script knew no other opencode. */
const FIRST_MAJOR = 1;

/**
 * The major version of the opencode that made a home's sessions, which no other one can go on with; undefined when the home
 * has none, or none that can be read, which whoever needs them says.
 */
export async function sessionsMadeBy(context: Pick<Context, 'home'>): Promise<number | undefined> {
  const unreadable = (): undefined => undefined;
  const session = (await readBase(context).catch(unreadable)) ?? (await readPmAgent(context).catch(unreadable));
  return session === undefined ? undefined : (session.opencode_major ?? FIRST_MAJOR);
}
