import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * What Bun obeys before the program in it begins, and nothing can switch off: a debugger that is waited for, modules that are
 * loaded first, options, and to be Bun itself. Editors set the first three in their terminals, and programs that are made
 * with Bun, opencode among them, the last one for their children. They are not meant for kugetsu.
 */
const VARIABLES = ['BUN_INSPECT', 'BUN_INSPECT_CONNECT_TO', 'BUN_INSPECT_PRELOAD', 'BUN_OPTIONS', 'BUN_BE_BUN'];

/** The packages of the runtime, by the compiler's names of the platforms. */
const PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@oven/bun-linux-x64',
  'linux-arm64': '@oven/bun-linux-aarch64',
  'darwin-x64': '@oven/bun-darwin-x64',
  'darwin-arm64': '@oven/bun-darwin-aarch64',
};

interface RuntimeRequest {
  /** The compiler of this machine. */
  readonly bun: string;
  readonly version: string;
  /** Where runtimes are kept. */
  readonly cache: string;
  /** Such as `darwin-arm64`; this machine's by default. */
  readonly platform?: string | undefined;
}

/** The path of a Bun runtime that takes no orders from {@link VARIABLES}; made at the first call. */
export function runtimeFor({ bun, version, cache, platform: wanted }: RuntimeRequest): string {
  const platform = wanted === `${process.platform}-${process.arch}` ? undefined : wanted;
  const key = createHash('sha256').update(VARIABLES.join()).digest('hex').slice(0, 8);
  const path = join(cache, `bun-${platform ?? 'here'}-${version}-${key}`);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, '.new-'));
  try {
    const given = platform === undefined ? bun : fetchRuntime(platform, version, work);
    const building = join(work, 'runtime');
    writeFileSync(building, withoutVariables(readFileSync(given)));
    chmodSync(building, 0o755);
    renameSync(building, path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The runtime of another platform, from its npm package. */
function fetchRuntime(platform: string, version: string, work: string): string {
  const name = PACKAGES[platform];
  if (name === undefined) throw new Error(`there is no runtime for ${platform}`);
  execFileSync('tar', ['-xzf', resolve(work, fetchPackage(`${name}@${version}`, work))], { cwd: work });
  return join(work, 'package', 'bin', 'bun');
}

/** The name of the file in `directory` that holds an npm package. A registry that fails once is asked again. */
function fetchPackage(spec: string, directory: string, attempts = 3): string {
  try {
    const pack = ['pack', '--loglevel', 'error', spec];
    return execFileSync('npm', pack, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  } catch (error) {
    if (attempts <= 1) throw error;
    return fetchPackage(spec, directory, attempts - 1);
  }
}

/**
 * `runtime` with names in place of the variables that no environment can have. The compiler signs what it makes for macOS
 * afterwards, so nothing is lost.
 *
 * @throws when a name is not there exactly once: then this runtime looks for it in another way
 */
function withoutVariables(runtime: Buffer): Buffer {
  for (const name of VARIABLES) {
    const bytes = Buffer.from(`\0${name}\0`);
    const at = runtime.indexOf(bytes);
    if (at === -1 || runtime.includes(bytes, at + 1)) throw new Error(`the runtime does not name ${name} once`);
    runtime.write('=', at + 1);
  }
  return runtime;
}
