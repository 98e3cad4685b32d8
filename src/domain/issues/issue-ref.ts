import { usageError } from '../../util/errors.ts';
import { quoted, type Said, words, type Words } from '../../util/words.ts';

/** An issue of a git server: `github.com/shoko/kugetsu#14`, or a discussion without a number: `…#-discuss`. */
export interface IssueRef {
  /** The server's host name, in lower case. */
  readonly instance: string;
  readonly owner: string;
  readonly repo: string;
  /** A number without leading zeros, or `-` and a name. */
  readonly identifier: string;
}

const PART = /^(?!\.{1,2}$)(?!-)[A-Za-z0-9._-]+$/;
const NUMBER = /^(?:0|[1-9][0-9]{0,17})$/;
const DISCUSSION = /^-[A-Za-z0-9._-]+$/;
// A worktree, a session file and a lock are named after the ref; 255 bytes is the shortest limit of the filesystems.
const MAX_LENGTH = 200;

const EXPECTED = 'use instance/owner/repo#identifier, for example github.com/shoko/kugetsu#14 or …#-discuss';

/**
 * Parses `instance/owner/repo#identifier`. The host is folded to lower case; everything else stands for itself.
 *
 * @throws AppError with exit code 2 for anything outside the grammar
 */
export function parseIssueRef(text: string): IssueRef {
  const match = /^([^/#]*)\/([^/#]*)\/([^/#]*)#([^/#]*)$/.exec(text);
  const [, instance = '', owner = '', repo = '', identifier = ''] = match ?? [];
  if (match === null) throw invalidRef(text, 'it does not have the form instance/owner/repo#identifier');
  if (text.length > MAX_LENGTH) throw invalidRef(text, `it is longer than ${MAX_LENGTH} characters`);
  for (const part of [instance, owner, repo]) {
    if (!isRefPart(part)) throw invalidRef(text, words`${quotePart(part)} is not a name`);
  }
  if (!NUMBER.test(identifier) && !isDiscussion(identifier)) {
    throw invalidRef(text, words`${quotePart(identifier)} is neither a number nor a -name`);
  }
  return { instance: instance.toLowerCase(), owner, repo, identifier };
}

/** Whether `text` can be the instance, the owner or the repository of a ref. */
export function isRefPart(text: string): boolean {
  return PART.test(text);
}

/** The text form of a ref; parses back to the same ref. */
export function formatIssueRef({ instance, owner, repo, identifier }: IssueRef): string {
  return `${instance}/${owner}/${repo}#${identifier}`;
}

/** The repository of an issue: `host/owner/repo`. */
export function repositoryOf({ instance, owner, repo }: IssueRef): string {
  return `${instance}/${owner}/${repo}`;
}

/** How the branches of issues begin where nobody has said how. */
export const USUAL_BRANCH_PREFIX = 'fix/';

/** What the branches of issues have between that and the identifier. */
export const BRANCH_MIDDLE = 'issue-';

/** The branch on which work on an issue begins; one that has a branch already keeps it. */
export function branchOf({ identifier }: Pick<IssueRef, 'identifier'>, prefix = USUAL_BRANCH_PREFIX): string {
  return `${prefix}${BRANCH_MIDDLE}${identifier}`;
}

/** Whether a branch is one of an issue, whatever it begins with. */
export function isBranchOf({ identifier }: Pick<IssueRef, 'identifier'>, branch: string): boolean {
  const end = `${BRANCH_MIDDLE}${identifier}`;
  return branch.endsWith(end) && branch.length > end.length;
}

// The name ends up in a branch, so what git-check-ref-format(1) forbids at the end or inside is out.
function isDiscussion(identifier: string): boolean {
  return (
    DISCUSSION.test(identifier) &&
    !identifier.includes('..') &&
    !identifier.endsWith('.') &&
    !identifier.toLowerCase().endsWith('.lock')
  );
}

function quotePart(part: string): string | Said {
  return part === '' ? 'an empty part' : quoted(part);
}

// Controls, formats and unassigned characters, lone surrogates, and separators other than a space: what a paste brings along.
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

function invalidRef(text: string, reason: string | Words): Error {
  const code = INVISIBLE.exec(text)?.[0].codePointAt(0);
  const seen = code === undefined ? '' : ` (with an invisible U+${code.toString(16).toUpperCase().padStart(4, '0')})`;
  return usageError(words`not an issue ref: ${quoted(text, 100)}${seen}: ${reason}`, EXPECTED);
}

/** @throws AppError usage (exit code 2) for a message that says nothing or that opencode could not be given */
export function requireMessage(message: string): void {
  if (message.trim() === '') throw usageError('the message is empty', 'say what the agent is to do');
  if (message.includes('\0')) throw usageError('the message contains a NUL character', 'give plain text');
}
