import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from '../random.ts';
import { mkdtemp, writeFile } from './changes.ts';
import { removeDirectory } from './private-files.ts';

/** A directory to try something in. */
interface Scratch {
  readonly path: string;
  /** Creates an empty file. @returns its modification time as the filesystem has it, in milliseconds since the epoch */
  readonly touch: (name: string) => Promise<number>;
}

const SCRATCH_PREFIX = '.scratch-';

/** Runs `body` with a new directory in `parent`, which is gone afterwards. */
export async function withScratchDirectory<T>(parent: string, body: (scratch: Scratch) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(parent, SCRATCH_PREFIX));
  try {
    return await body({
      path,
      touch: async (name) => {
        // The time is the filesystem's own: nobody sets it.
        await writeFile(join(path, name), '', { mode: 0o600 });
        return (await stat(join(path, name))).mtimeMs;
      },
    });
  } finally {
    await removeDirectory(path);
  }
}

/** Where it goes when the directory of the environment is gone. */
const LAST_RESORT = '/tmp';

/**
 * The directory for what lives as long as one call. A runner's own goes with its agent, and it has still to look at the
 * worktree and to talk to opencode afterwards.
 */
function temporaryDirectory(): string {
  const own = tmpdir();
  return existsSync(own) ? own : LAST_RESORT;
}

/** What calls put into the {@link temporaryDirectory}, by the word in its name. */
export type Purpose = 'opencode' | 'export' | 'import' | 'git' | 'files' | 'trial';

/** The beginning of the path of such a directory: `mkdtemp` adds six characters. A killed process leaves it behind. */
export function scratchPrefix(purpose: Purpose): string {
  return join(temporaryDirectory(), `kugetsu-${purpose}-`);
}

/** Makes such a directory. @returns its path */
export async function makeScratchDirectory(purpose: Purpose): Promise<string> {
  return mkdtemp(scratchPrefix(purpose));
}

/** A new path there for an index of git's. */
export function scratchIndex(): string {
  return join(temporaryDirectory(), `kugetsu-rescue-${randomBytes(8).toString('hex')}.index`);
}

// The last one is 0.1.0's.
const OWN =
  /^kugetsu-(?:(?:opencode|export|import|git|files|trial)-\w{6}|rescue-[0-9a-f]{16}\.index(?:\.lock)?|import-[0-9a-f]{16}\.json)$/;

/** Whether a name in the temporary directory is one of {@link scratchPrefix} or {@link scratchIndex}. */
export function isOwnScratch(name: string): boolean {
  return OWN.test(name);
}

const BESIDE = new RegExp(`^\\${SCRATCH_PREFIX}\\w{6}$`);

/** Whether a name in the home is that of a directory of {@link withScratchDirectory}. */
export function isScratchDirectory(name: string): boolean {
  return BESIDE.test(name);
}
