import { relative } from 'node:path';
import { checkoutAt, ignoredFiles, includedPatterns, originOf } from '../../adapters/git/users-checkout.ts';
import { copyFiles, type LeftOut } from '../../adapters/store/copy-files.ts';
import { realPath } from '../../adapters/store/paths.ts';
import { plural } from '../../util/text.ts';
import { isSameRepository } from '../../util/urls.ts';
import { joinWords, quoted, said, words, type Words } from '../../util/words.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { findCloneSource } from '../servers/clone-url.ts';
import type { RepositorySettings } from '../servers/repository-settings.ts';

type Needs = Pick<Context, 'home' | 'env' | 'clock'>;

/** Where a new worktree gets files from that git ignores, and which. */
export interface CopySource {
  /** The top of a checkout, without links. */
  readonly checkout: string;
  /** As gitignore(5) has them: those of the checkout's `.worktreeinclude`, and after them the user's own. */
  readonly patterns: string;
  /** The user's own. */
  readonly asked: readonly string[];
}

interface Wanted {
  readonly ref: IssueRef;
  readonly settings: RepositorySettings;
  /** The directory of the base session. */
  readonly base: string | undefined;
  /** Told of a source that is missing. */
  readonly warn: (text: Words) => Promise<void>;
}

/**
 * Where the files for a worktree of this issue come from; undefined when it gets none. `.worktreeinclude` is read in the
 * user's checkout, as the user has it there, and not in what was fetched: whoever pushes to the repository does not choose
 * what is taken from this machine.
 */
export async function copySource(
  context: Needs,
  { ref, settings, base, warn }: Wanted,
): Promise<CopySource | undefined> {
  const { checkout: named, copy: asked = [] } = settings;
  const directory = named ?? base;
  const isAsked = asked.length > 0 || named !== undefined;
  if (directory === undefined) {
    if (isAsked) await warn(words`no file was copied: the base session has no checkout; ${nameOne(settings)}`);
    return undefined;
  }
  const included = await includedPatterns(directory);
  if (asked.length === 0 && included.trim() === '') return undefined;
  const checkout = await checkoutAt(directory, context.env);
  if (checkout === undefined) {
    if (isAsked)
      await warn(words`no file was copied: ${said(directory)} is not the top of a git checkout; ${nameOne(settings)}`);
    return undefined;
  }
  if (named === undefined && !(await isCheckoutOf(context, checkout, ref))) {
    if (isAsked)
      await warn(
        words`no file was copied: ${said(checkout)}, where the base session is, has another origin; ${nameOne(settings)}`,
      );
    return undefined;
  }
  return { checkout, patterns: [included, ...asked].join('\n'), asked };
}

function nameOne({ about }: RepositorySettings): string {
  return `run: kugetsu repo set ${about} checkout DIRECTORY`;
}

async function isCheckoutOf(context: Needs, checkout: string, ref: IssueRef): Promise<boolean> {
  const origin = await originOf(checkout, context.env);
  return origin !== undefined && isSameRepository(origin, (await findCloneSource(context, ref)).url);
}

interface Copying {
  readonly worktree: string;
  readonly signal: AbortSignal;
  /** Told how far it is, now and then. */
  readonly onProgress: (note: string) => Promise<void>;
  readonly warn: (text: Words) => Promise<void>;
}

/** How often is said how far it is, in milliseconds. */
const PROGRESS_MS = 2000;
const MOST_NAMED = 5;

/**
 * Copies into a new worktree what git ignores in the source and the patterns name. Nothing of the worktree is replaced, and
 * kugetsu's own home is never copied. What is missing is told, and fails nothing.
 *
 * @returns what was done, in words
 */
export async function copyIgnored(
  { home, env, clock }: Needs,
  { checkout, patterns, asked }: CopySource,
  { worktree, signal, onProgress, warn }: Copying,
): Promise<Words> {
  const own = `${relative(checkout, await realPath(home.root).catch(() => home.root))}/`;
  const listed = await ignoredFiles(checkout, patterns, env);
  if (listed === undefined) {
    await warn(words`no file was copied: git cannot list the ignored files of ${said(checkout)}`);
    return ['no file'];
  }
  const paths = listed.filter((path) => !path.startsWith(own));
  for (const pattern of asked.filter((each) => !/^[!#]/.test(each))) {
    const found = asked.length === 1 ? listed : await ignoredFiles(checkout, pattern, env);
    if (found?.length === 0) await warn(words`${said(checkout)} has no ignored file that ${quoted(pattern)} names`);
  }
  const left = new Map<LeftOut, string[]>();
  let [seen, toldAt] = [0, clock.monotonic()];
  const copied = await copyFiles({
    from: checkout,
    to: worktree,
    paths,
    signal,
    onFile: async () => {
      seen += 1;
      if (clock.monotonic() - toldAt < PROGRESS_MS) return;
      toldAt = clock.monotonic();
      await onProgress(
        `${seen} of ${plural(paths.length, 'file')} copied (${Math.floor((100 * seen) / paths.length)} %)`,
      );
    },
    onLeftOut: (path, why) => void left.set(why, [...(left.get(why) ?? []), path]),
  });
  for (const [why, each] of left) await warn(leftOutWords(why, each));
  return words`${plural(copied, 'file')} from ${said(checkout)}`;
}

const WHY: Readonly<Record<LeftOut, string>> = {
  'leads out': 'because a link leads out of the checkout, or nowhere',
  special: 'because it is a pipe, a socket or a device',
  there: 'because the worktree has it already',
  unreadable: 'because it cannot be read',
};

function leftOutWords(why: LeftOut, paths: readonly string[]): Words {
  const named = joinWords(
    paths.slice(0, MOST_NAMED).map((path) => [quoted(path, 100)]),
    ', ',
  );
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : '';
  return words`not copied, ${WHY[why]}: ${named}${more}`;
}
