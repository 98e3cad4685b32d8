import type { Database } from '../../adapters/postgres/database.ts';
import { joinWords, said, words, type Words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { Hosts } from '../queue/table/hosts.ts';
import { lackingVariables, differences, namingOf, readNaming, type Naming } from './naming.ts';

/** So many are told one by one. */
const MOST = 5;

/** Something in which a host is not like this one. */
export interface Differing {
  readonly host: string;
  /** What differs: what issues are called, or the names of what agents get from env files. */
  readonly about: 'naming' | 'variables';
  /** In what they differ, in a line. */
  readonly what: Words;
}

/**
 * The other hosts whose `servers.json` or `repos.json` says something else, or whose agents get other variables, as far as both have
 * said; none when a file here cannot be read.
 */
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
    if (other === undefined) continue;
    const all = { naming: differences(own, other), variables: lackingBetween([host, own], [name, other]) };
    for (const about of ['naming', 'variables'] as const) {
      if (all[about].length > 0) found.push({ host: name, about, what: inALine(all[about]) });
    }
  }
  return found;
}

function lackingBetween([here, own]: readonly [string, Naming], [there, other]: readonly [string, Naming]): Words[] {
  if (own.variables === undefined || other.variables === undefined) return [];
  return lackingVariables(own.variables, other.variables, [here, there]);
}

function inALine(all: readonly Words[]): Words {
  const more = all.length > MOST ? [words`${all.length - MOST} more`] : [];
  return joinWords([...all.slice(0, MOST), ...more], '; ');
}

/** What is told of such a host. */
export function differingWords({ host, about, what }: Differing): Words {
  return about === 'variables' ? what : words`host ${said(host)} has other servers or repositories: ${what}`;
}

/** What to do about it. */
export function differingHint({ about }: Differing): string {
  return about === 'naming'
    ? 'give all hosts the same servers.json and repos.json: an issue with two names gets two agents'
    : 'on the host that lacks it, run: kugetsu env set NAME - [AGENT]';
}
