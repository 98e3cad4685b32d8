import type { Database } from '../../adapters/postgres/database.ts';
import { joinWords, said, words, type Words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { Hosts } from '../queue/table/hosts.ts';
import { differences, namingOf, readNaming } from './naming.ts';

/** So many are told one by one. */
const MOST = 5;

/** A host whose servers and repositories are not those of this one. */
export interface Differing {
  readonly host: string;
  /** In what they differ, in a line. */
  readonly what: Words;
}

/** The other hosts whose `servers.json` or `repos.json` says something else; none when a file here cannot be read. */
export async function compareHosts(
  context: Pick<Context, 'home' | 'env'>,
  database: Database,
  host: string,
): Promise<readonly Differing[]> {
  const own = await namingOf(context);
  if (own === undefined) return [];
  const found: Differing[] = [];
  for (const [name, told] of await new Hosts(database).namings()) {
    const other = name === host ? undefined : readNaming(told);
    const all = other === undefined ? [] : differences(own, other);
    if (all.length === 0) continue;
    const more = all.length > MOST ? [words`${all.length - MOST} more`] : [];
    found.push({ host: name, what: joinWords([...all.slice(0, MOST), ...more], '; ') });
  }
  return found;
}

/** What is told of such a host. */
export function differingWords({ host, what }: Differing): Words {
  return words`host ${said(host)} has other servers or repositories: ${what}`;
}

/** What to do about it. */
export const SAME_FILES =
  'give all hosts the same servers.json and repos.json: an issue with two names gets two agents';
