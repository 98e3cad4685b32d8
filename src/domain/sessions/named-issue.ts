import { originOfCheckout } from '../../adapters/git/users-checkout.ts';
import { type AppError, usageError } from '../../util/errors.ts';
import { quoted, words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import { formatIssueRef, parseIssueRef, type IssueRef } from '../issues/issue-ref.ts';
import { repositoryOfUrl } from '../servers/repository-of-url.ts';
import { readIndex } from './read-sessions.ts';

type Needs = Pick<Context, 'home' | 'env' | 'cwd'>;

/** A page of an issue, a pull request or a merge request: GitHub, Gitea and Forgejo, GitLab. */
const PAGE =
  /^(?:https?:\/\/)?([^\s?#]+?\/[^\s/?#]+)(?:\/-)?\/(?:issues|pull|pulls|merge_requests|work_items)\/(\d+)(?:[/?#]\S*)?$/i;
const SHORT = /^(?:([^/#\s]+)#|#?)(\d+|(?<=#)-[^/#\s]+)$/;

/**
 * The issue that is named otherwise than by a ref with its owner: by the URL of its page, by `#14` or `14` in a checkout of
 * its repository, or by the end of the ref of a tracked one, `demo#14` or `#14`. Undefined for what has none of these forms.
 *
 * @throws AppError usage (exit code 2) when several issues could be meant, and when none is known
 */
export async function issueNamed(context: Needs, text: string): Promise<IssueRef | undefined> {
  const [page, repositoryUrl = '', number = ''] = PAGE.exec(text) ?? [];
  if (page !== undefined) return ofPage(context, { page, repositoryUrl, number });
  const [short, repo, identifier = ''] = SHORT.exec(text) ?? [];
  if (short === undefined) return undefined;
  const here = await repositoryHere(context);
  if (here !== undefined && (repo === undefined || here.repo === repo)) return checked({ ...here, identifier });
  const tracked = Object.keys((await readIndex(context).catch(() => undefined))?.issues ?? {});
  const ending = repo === undefined ? `#${identifier}` : `/${repo}#${identifier}`;
  const found = tracked.filter((ref) => ref.endsWith(ending));
  const [only, ...others] = found;
  if (only === undefined) throw unknown(text);
  if (others.length > 0) throw ambiguous(text, found);
  return parseIssueRef(only);
}

/** The error for a name that several things have; all of them are told. */
export function ambiguous(text: string, candidates: readonly string[]): AppError {
  return usageError(
    words`${quoted(text, 100)} could be any of ${candidates.length}`,
    `give one of: ${candidates.join(', ')}`,
  );
}

async function ofPage(
  context: Needs,
  { page, repositoryUrl, number }: { readonly page: string; readonly repositoryUrl: string; readonly number: string },
): Promise<IssueRef> {
  const scheme = /^https?:\/\//i.exec(page)?.[0] ?? 'https://';
  const repository = await repositoryOfUrl(context, `${scheme}${repositoryUrl}`);
  if (repository !== undefined) return checked({ ...repository, identifier: number });
  throw usageError(
    words`${quoted(page, 200)} is no issue of an owner/repo on a server that kugetsu knows`,
    'if it has a port or a prefix, run: kugetsu server add NAME URL; then try again',
  );
}

/** The repository of the checkout that the caller is in; undefined outside of one, and for one that no ref can name. */
export async function repositoryHere({ home, env, cwd }: Needs): ReturnType<typeof repositoryOfUrl> {
  const origin = await originOfCheckout(cwd, env).catch(() => undefined);
  return origin === undefined ? undefined : repositoryOfUrl({ home }, origin);
}

function checked(ref: IssueRef): IssueRef {
  return parseIssueRef(formatIssueRef(ref));
}

function unknown(text: string): AppError {
  return usageError(
    words`${quoted(text, 100)} is no issue here: this is no checkout with a known origin, and no tracked issue ends so`,
    'use instance/owner/repo#identifier, for example github.com/shoko/kugetsu#14, or the URL of the issue',
  );
}
