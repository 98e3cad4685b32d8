import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { oneLine, plainText } from '../../util/text.ts';
import { isAtLeast } from '../../util/versions.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import type { OpencodeProbe } from './opencode.ts';
import { runHasty } from './opencode-cli.ts';

/** The oldest opencode that has every command and flag that kugetsu uses, as far as it was measured. */
const MINIMUM_VERSION = '1.18.0';
/** The environment variable that names another opencode binary. */
const BINARY_VARIABLE = 'KUGETSU_OPENCODE';

/** The version with which kugetsu was tested. */
const TESTED_VERSION = '1.18.33';

const INSTALL_HINT = `install it with: npm install -g opencode-ai@latest (or name its binary in ${BINARY_VARIABLE})`;
const PROBE_TIMEOUT_MS = 60_000;
const NEEDED_RUN_FLAGS = ['--session', '--dir', '--format', '--auto', '--print-logs', '--log-level', '--model'];
const NEEDED_COMMANDS = ['export', 'import', 'session', 'db', 'run'];

const CachedProbeSchema = z.object({ path: z.string(), size: z.number(), modified: z.number(), version: z.string() });

interface ProbeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where the answer is kept; it holds as long as the binary's path, size and modification time do. */
  readonly cache: string;
}

/** Finds opencode and checks that it is new enough and has the commands and flags that are needed. */
export async function probeOpencode(options: ProbeOptions): Promise<OpencodeProbe> {
  const path = await findBinary(options);
  const { size, mtimeMs } = await stat(path);
  const cached = await readCache(options.cache);
  if (cached?.path === path && cached.size === size && cached.modified === mtimeMs) {
    return { path, version: cached.version };
  }
  const version = await readVersion(path, options);
  await checkCapabilities(path, version, options);
  await replaceFile(options.cache, `${JSON.stringify({ path, size, modified: mtimeMs, version })}\n`);
  return { path, version };
}

async function findBinary({ env, cwd }: ProbeOptions): Promise<string> {
  const named = env[BINARY_VARIABLE];
  if (named !== undefined && named !== '') {
    const path = isAbsolute(named) || named.includes('/') ? resolve(cwd, named) : await searchPath(named, env);
    if (path !== undefined && (await isExecutable(path))) return realpath(path);
    throw missing(`${BINARY_VARIABLE} names ${oneLine(named)}, which is not a program that can be run`);
  }
  const found = await searchPath('opencode', env);
  if (found === undefined) throw missing('opencode is not on PATH');
  return realpath(found);
}

async function searchPath(name: string, env: ProbeOptions['env']): Promise<string | undefined> {
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory === '' ? '.' : directory, name);
    if (await isExecutable(path)) return resolve(path);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function readCache(path: string): Promise<z.infer<typeof CachedProbeSchema> | undefined> {
  try {
    const text = await readTextIfExists(path);
    return text === undefined ? undefined : CachedProbeSchema.parse(JSON.parse(text));
  } catch {
    // A cache that cannot be read is made anew.
    return undefined;
  }
}

async function readVersion(path: string, options: ProbeOptions): Promise<string> {
  const { output } = await ask(path, ['--version'], options);
  const version = /^v?(\d+\.\d+\.\d+)(?:[-+]\S*)?$/.exec(output.trim())?.[1];
  if (version === undefined) {
    throw new AppError(
      'opencode_unexpected',
      `${path} --version printed ${JSON.stringify(oneLine(output, 80))}, which is no version`,
      {
        hint: INSTALL_HINT,
        exit: EXIT.notReady,
        details: output,
      },
    );
  }
  if (!isAtLeast(version, MINIMUM_VERSION)) throw tooOld(`opencode ${version} is older than ${MINIMUM_VERSION}`);
  return version;
}

async function checkCapabilities(path: string, version: string, options: ProbeOptions): Promise<void> {
  const [run, all] = await Promise.all([ask(path, ['run', '--help'], options), ask(path, ['--help'], options)]);
  const lacking = [
    ...NEEDED_RUN_FLAGS.filter((flag) => !run.output.includes(flag)).map((flag) => `run ${flag}`),
    ...NEEDED_COMMANDS.filter((name) => !new RegExp(`opencode ${name}\\b`).test(all.output)),
  ];
  if (lacking.length === 0) return;
  throw new AppError('opencode_unsupported', `opencode ${version} at ${path} lacks: ${lacking.join(', ')}`, {
    hint: `it may be newer than this kugetsu knows: upgrade kugetsu, or npm install -g opencode-ai@${TESTED_VERSION}`,
    exit: EXIT.notReady,
  });
}

async function ask(path: string, args: readonly string[], { env, cwd }: ProbeOptions): Promise<{ output: string }> {
  const result = await runHasty({ command: path, args, cwd, env: { ...env, PWD: cwd }, timeoutMs: PROBE_TIMEOUT_MS });
  const output = plainText(`${result.stdout}${result.stdout === '' ? result.stderr : `\n${result.stderr}`}`);
  if (result.exitCode === 0) return { output: args[0] === '--version' ? result.stdout : output };
  const reason = result.timedOut ? 'gave no answer within a minute' : `failed: ${oneLine(output) || 'no output'}`;
  throw new AppError('opencode_unexpected', `${path} ${args.join(' ')} ${reason}`, {
    hint: INSTALL_HINT,
    exit: EXIT.notReady,
    details: output,
  });
}

function missing(message: string): AppError {
  return new AppError('opencode_missing', message, { hint: INSTALL_HINT, exit: EXIT.notReady });
}

function tooOld(message: string): AppError {
  return new AppError('opencode_too_old', message, { hint: INSTALL_HINT, exit: EXIT.notReady });
}
