import { usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, parseIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { readIndex } from './read-sessions.ts';
import {
  canonicalRef,
  instanceOf,
  namedServers,
  readServers,
  serverNamed,
  serverOf,
  type Servers,
} from '../servers/servers-file.ts';

type Needs = Pick<Context, 'home' | 'env' | 'cwd'>;

const WITHOUT_INSTANCE = /^[^/#]+\/[^/#]+#[^/#]+$/;

/**
 * The issue that a person means: `instance/owner/repo#identifier` by host or by the name of a server, or
 * `owner/repo#identifier` on the default server, or named in one of the ways of `issueNamed`. An issue that has a session keeps the ref under which it has it,
 * whatever servers.json has become since.
 *
 * @throws AppError with exit code 2 for anything outside the grammar, and for a ref without instance when there is no default
 */
export async function resolveIssueRef(context: Needs, text: string): Promise<IssueRef> {
  const servers = await readServers(context);
  const ref = (await namedOtherwise(context, text)) ?? parseIssueRef(await withInstance(context, servers, text));
  // An index that cannot be read is for those to complain about who need it.
  const tracked = (await readIndex(context).catch(() => undefined))?.issues ?? {};
  const spellings = spellingsOf(servers, ref);
  return spellings.find((each) => tracked[formatIssueRef(each)] !== undefined) ?? canonicalRef(servers, ref);
}

/** All refs of one issue: as it was written, in the canonical form, and by each name of the server. */
function spellingsOf(servers: Servers, ref: IssueRef): IssueRef[] {
  const canonical = canonicalRef(servers, ref);
  const url = serverOf(servers, ref.instance)?.url;
  const names = namedServers(servers).filter((server) => server.url === url);
  return [ref, canonical, ...names.map(({ name }) => ({ ...ref, instance: name.toLowerCase() }))];
}

const FULL = /^[^/#]+\/[^/#]+\/[^/#]+#[^/#]+$/;

/** What is no ref with its owner; how it is told is loaded only for such a one. */
async function namedOtherwise(context: Needs, text: string): Promise<IssueRef | undefined> {
  if (FULL.test(text) || WITHOUT_INSTANCE.test(text)) return undefined;
  const { issueNamed } = await import('./named-issue.ts');
  return issueNamed(context, text);
}

/** A ref without a server is on the default one; without a default, it is of this checkout, or the one that is tracked. */
async function withInstance(context: Needs, servers: Servers, text: string): Promise<string> {
  if (!WITHOUT_INSTANCE.test(text)) return text;
  if (servers.default === null) {
    const { ambiguous, repositoryHere } = await import('./named-issue.ts');
    const here = await repositoryHere(context);
    if (here !== undefined && text.startsWith(`${here.owner}/${here.repo}#`)) return `${here.instance}/${text}`;
    const tracked = Object.keys((await readIndex(context).catch(() => undefined))?.issues ?? {});
    const [only, ...others] = tracked.filter((ref) => ref.endsWith(`/${text}`));
    if (others.length > 0) throw ambiguous(text, [only ?? '', ...others]);
    if (only !== undefined) return only;
  }
  return `${defaultInstance(servers, text)}/${text}`;
}

function defaultInstance(servers: Servers, text: string): string {
  const server = servers.default === null ? undefined : serverNamed(servers, servers.default);
  if (server !== undefined) return instanceOf(servers, server);
  throw usageError(
    words`${quoted(text, 100)} names no server, and there is no default one`,
    'use instance/owner/repo#identifier, or run: kugetsu server default NAME; to see the names, run: kugetsu server list',
  );
}
