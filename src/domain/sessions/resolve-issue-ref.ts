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

const WITHOUT_INSTANCE = /^[^/#]+\/[^/#]+#[^/#]+$/;

/**
 * The issue that a person means: `instance/owner/repo#identifier` by host or by the name of a server, or
 * `owner/repo#identifier` on the default server. An issue that has a session keeps the ref under which it has it,
 * whatever servers.json has become since.
 *
 * @throws AppError with exit code 2 for anything outside the grammar, and for a ref without instance when there is no default
 */
export async function resolveIssueRef(context: Pick<Context, 'home'>, text: string): Promise<IssueRef> {
  const servers = await readServers(context);
  const ref = parseIssueRef(WITHOUT_INSTANCE.test(text) ? `${defaultInstance(servers, text)}/${text}` : text);
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

function defaultInstance(servers: Servers, text: string): string {
  const server = servers.default === null ? undefined : serverNamed(servers, servers.default);
  if (server !== undefined) return instanceOf(servers, server);
  throw usageError(
    words`${quoted(text, 100)} names no server, and there is no default one`,
    'use instance/owner/repo#identifier, or run: kugetsu server default NAME (kugetsu server list shows the names)',
  );
}
