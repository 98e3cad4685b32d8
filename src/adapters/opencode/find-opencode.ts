import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine } from '../../util/text.ts';
import { findProgram, isProgram } from '../process/user.ts';
import { openToRead } from '../store/open-to-read.ts';
import { INSTALL } from './opencode-version.ts';
import { readTextAtOnce } from '../store/private-files.ts';

/** The environment variable that names another opencode binary. */
export const BINARY_VARIABLE = 'KUGETSU_OPENCODE';

/** The ways to a usable opencode when there is none. */
export const INSTALL_HINT = `run: ${INSTALL} (or name its binary in ${BINARY_VARIABLE})`;

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * The absolute path of the opencode that `KUGETSU_OPENCODE` names, or else the first on PATH. It is the path under which it
 * was found, links and all: a version manager's program knows by that name which program it is to be.
 *
 * @throws AppError `opencode_missing` (exit code 3)
 */
export async function findOpencode({ env, cwd }: Surroundings): Promise<string> {
  const named = env[BINARY_VARIABLE];
  if (named !== undefined && named !== '') {
    const path = isAbsolute(named) || named.includes('/') ? resolve(cwd, named) : await searchPath(named, env);
    if (path !== undefined && (await isProgram(path))) return path;
    throw missing(`${BINARY_VARIABLE} names ${oneLine(named)}, which is not an executable program`);
  }
  const found = await searchPath('opencode', env);
  if (found === undefined) throw missing('opencode is not on PATH');
  return found;
}

/** Of what a program is, all that changes when it is replaced. */
export interface ProgramFacts {
  /** Without links. */
  readonly path: string;
  readonly size: number;
  /** Times in milliseconds since the epoch: package managers set the first one to what they like. */
  readonly modified: number;
  readonly changed: number;
}

/** The facts of the program at `path`. */
export async function programFacts(path: string): Promise<ProgramFacts> {
  const { size, mtimeMs, ctimeMs } = await stat(path);
  return { path: await realpath(path), size, modified: mtimeMs, changed: ctimeMs };
}

/**
 * Whether the program at `path` may run now this opencode and now that one, and stay the same itself: a shim of mise,
 * volta, proto, asdf and the like. It is a link to a program of another name, or it lies in a directory `shims`, or a shell
 * reads it.
 */
export async function isShim(path: string, real: string): Promise<boolean> {
  if (!basename(real).startsWith('opencode') || basename(dirname(path)) === 'shims') return true;
  const file = await openToRead(real);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    return /^#!.*\b(?:ba|da|k|z|fi)?sh\b/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

interface ProbeOptions extends Surroundings {
  /** Where the answer of the last probe is kept. */
  readonly cache: string;
}

/** Whether opencode is the program that was found usable last. To say so after each task that is queued, it is not run. */
export async function looksProbed({ cache, ...where }: ProbeOptions): Promise<boolean> {
  try {
    const facts = Object.entries(await programFacts(await findOpencode(where)));
    const known: unknown = JSON.parse(readTextAtOnce(cache) ?? '');
    return (
      typeof known === 'object' && known !== null && facts.every(([name, fact]) => Reflect.get(known, name) === fact)
    );
  } catch {
    return false;
  }
}

async function searchPath(name: string, env: Surroundings['env']): Promise<string | undefined> {
  const found = await findProgram(name, env['PATH'] ?? '');
  return found === undefined ? undefined : resolve(found);
}

function missing(message: string): AppError {
  return new AppError('opencode_missing', message, { hint: INSTALL_HINT, exit: EXIT.notReady });
}
