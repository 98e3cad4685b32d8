import * as z from 'zod/mini';
import { isLooseObject, type KnownKeys } from '../../util/loose-object.ts';
import { nearest } from '../../util/text.ts';
import { said, words, type Words } from '../../util/words.ts';

const NUL = '\0';

const command = z.string('must be text').check(
  z.refine((text) => text.trim() !== '', 'must not be empty'),
  z.refine((text) => !text.includes(NUL), 'must not have a NUL character'),
);

const word = (message: string) =>
  z.string('must be text').check(z.refine((text) => /^[^\s-]\S*$/.test(text) && !text.includes(NUL), message));

const pattern = z
  .string('must be a list of texts')
  .check(z.refine((text) => text.trim() !== '' && !/[\n\0]/.test(text), 'must be a list of patterns of one line each'));

// A worktree, a file of a ref and a lock are named after the branch; an identifier follows.
const LONGEST_PREFIX = 100;

/** What a value of repos.json may say of a repository besides its clone URL. */
const EntrySchema = z.looseObject({
  /** Where it is cloned from; as without an entry when it is missing. */
  url: z.optional(z.string('must be text')),
  /** The directory from which new worktrees get files that git ignores; that of the base session when it is missing. */
  checkout: z.optional(
    z.string('must be text').check(
      z.startsWith('/', 'must be an absolute path'),
      z.refine((text) => !text.includes(NUL), 'must be an absolute path'),
    ),
  ),
  /** Which files those are: patterns as in gitignore(5). */
  copy: z.optional(z.array(pattern, 'must be a list of texts')),
  /** A shell command that runs in a new worktree before the agent. */
  setup: z.optional(command),
  /** A shell command that runs in the worktree when the agent says that it is done. */
  check: z.optional(command),
  /** When an agent is done. */
  done_when: z.optional(z.enum(['replied', 'committed', 'pushed'], 'must be replied, committed or pushed')),
  /** The branch of origin from which work begins; origin's default branch when it is missing. */
  base_branch: z.optional(word('must be the name of a branch')),
  /** How the names of the issues' branches begin; `fix/` when it is missing. */
  branch_prefix: z.optional(
    z
      .string('must be text')
      .check(z.refine(isBranchPrefix, 'must be the beginning of a branch name, as git-check-ref-format(1) allows it')),
  ),
  /** The model of its agents, `provider/model`; that of the base session when it is missing. */
  model: z.optional(z.string('must be text').check(z.regex(/^[^\s/-][^\s/]*\/\S+$/, 'must be provider/model'))),
  /** Where its agents work; as AGENT_ENGINE says when it is missing. */
  engine: z.optional(z.enum(['auto', 'process', 'server'], 'must be auto, process or server')),
});

/** What repos.json says of a repository, or of one issue. */
export type RepositoryEntry = KnownKeys<z.infer<typeof EntrySchema>>;

/** The name of a setting of a repository. */
export type RepositoryKey = keyof RepositoryEntry;

/** Every setting of a repository, in the order in which a person meets them. */
export const REPOSITORY_KEYS = [
  'url',
  'checkout',
  'copy',
  'setup',
  'check',
  'done_when',
  'base_branch',
  'branch_prefix',
  'model',
  'engine',
] as const satisfies readonly RepositoryKey[];

/** Whether there is a setting of this name for a repository. */
export function isRepositoryKey(key: string): key is RepositoryKey {
  return REPOSITORY_KEYS.some((known) => known === key);
}

/** What is wrong with an entry. */
export interface EntryFault {
  /** The key inside it; undefined when it is the entry as a whole. */
  readonly key: string | undefined;
  /** As the rest of a sentence that begins with the key: `must be text`. */
  readonly fault: string;
}

/** A fault as one line: `entry` is the file and the key of the repository. */
export function faultWords(entry: Words, { key, fault }: EntryFault): Words {
  return key === undefined ? words`${entry}: ${fault}` : words`${entry}: ${said(key, 60)} ${fault}`;
}

/** Everything that is wrong with a value of repos.json: a clone URL as text, or an object. */
export function entryFaults(value: unknown): EntryFault[] {
  if (typeof value === 'string') return [];
  if (!isLooseObject(value)) return [{ key: undefined, fault: 'must be a clone URL or an object' }];
  const bad = (EntrySchema.safeParse(value).error?.issues ?? []).map(({ path, message }) => ({
    key: String(path[0]),
    fault: message,
  }));
  // Other keys are those of other programs; one that is nearly ours was meant for us.
  const misspelt = Object.keys(value).flatMap((key) => {
    const near = isRepositoryKey(key) ? undefined : meantKey(key);
    return near === undefined ? [] : [{ key, fault: `is no setting of a repository; did you mean ${near}?` }];
  });
  return [...bad.filter(({ key }, index) => bad.findIndex((other) => other.key === key) === index), ...misspelt];
}

/** The setting that somebody meant by a name that is none, as far as one can tell: `baseBranch`, `chek`. */
export function meantKey(key: string): RepositoryKey | undefined {
  const plain = (text: string): string => text.replaceAll(/[_-]/g, '').toLowerCase();
  const near = nearest(plain(key), REPOSITORY_KEYS.map(plain), key.length < 5 ? 1 : 2);
  return REPOSITORY_KEYS.find((known) => plain(known) === near);
}

/** Why a setting of a repository cannot have this value; undefined when it can. */
export function repositoryFault(key: RepositoryKey, value: unknown): string | undefined {
  return EntrySchema.shape[key].safeParse(value).error?.issues[0]?.message;
}

/** A value of repos.json as an object; what is wrong with it is left out. */
export function entryOf(value: unknown): RepositoryEntry {
  if (typeof value === 'string') return { url: value };
  if (!isLooseObject(value)) return {};
  const sound = Object.entries(value).filter(
    ([key, each]) => isRepositoryKey(key) && repositoryFault(key, each) === undefined,
  );
  return EntrySchema.parse(Object.fromEntries(sound));
}

function isBranchPrefix(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (/[\s~^:?*[\\\u0000-\u001F\u007F]|\.\.|@\{|\/\/|\.lock\/|\.\//.test(text)) return false;
  return /^[^-/.]/.test(text) && !text.includes('/.') && text.length <= LONGEST_PREFIX && !text.startsWith('refs/');
}
