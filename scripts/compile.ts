import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runtimeFor } from './runtime.ts';

/** The root of the checkout. */
export const ROOT = join(import.meta.dirname, '..');

/** The compiler. */
export const BUN = join(ROOT, 'node_modules', '.bin', 'bun');

/** The version of package.json. */
export const VERSION = versionOf(ROOT);

const DEFINES = [
  `KUGETSU_VERSION=${JSON.stringify(VERSION)}`,
  `KUGETSU_COMMIT=${JSON.stringify(commit())}`,
  'process.env.NODE_ENV="production"',
].flatMap((define) => ['--define', define]);

/** How the single binary is compiled. */
export const SINGLE_FILE = [
  '--compile',
  // In one chunk the imports of all modules are carried out at the start.
  '--splitting',
  // Every kugetsu process waits for others most of its life: compiling its code would cost memory and gain no time.
  '--compile-jit-policy=1000',
  '--minify',
  '--bytecode',
  '--format=esm',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
];

/** The calls whose code is to lie together, first those that are to be the quickest. */
const SHORT_CALLS = [['delegate', 'a task'], ['status'], ['queue', 'list'], ['list'], ['--version']];

/** Has the kugetsu at `binary` write down in which order longer work uses its code. @returns the files that say so */
type Play = (binary: string, variable: string, directory: string) => Promise<readonly string[]>;

/**
 * Builds the single binary at each path: for this machine, or for a platform such as `darwin-arm64`. One for this machine is
 * built first, and called to see what code the short calls use, and by `play` what longer work does: where that lies
 * together, fewer pages are read, and each runner has fewer of them.
 */
export async function compileBinaries(targets: readonly Target[], play: Play): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'kugetsu-build-'));
  try {
    const first = join(work, 'kugetsu');
    compileOnce(first);
    const order = SHORT_CALLS.map((call, index) => orderOf(first, call, join(work, `order-${index}`)));
    order.push(...(await playedOrders(first, work, play)));
    for (const { path, platform } of targets) {
      compileOnce(path, { platform, order });
      console.log(path.slice(ROOT.length + 1));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

interface Target {
  readonly path: string;
  readonly platform?: string;
}

/** What cannot be played here, such as without git, makes a binary that takes a little more memory. */
async function playedOrders(binary: string, work: string, play: Play): Promise<readonly string[]> {
  try {
    return await play(binary, ORDER_VARIABLE, work);
  } catch (error) {
    console.error(`the code of runners will not lie together: ${String(error)}`);
    return [];
  }
}

/** Names the file into which a binary writes, when it ends, in which order it has used its code. */
const ORDER_VARIABLE = 'BUN_BYTECODE_ORDER_OUT';

/** Has a call write down in which order it uses the code. @returns the file that says so */
function orderOf(binary: string, call: readonly string[], file: string): string {
  const home = dirname(binary);
  const env = { HOME: home, [ORDER_VARIABLE]: file };
  // `status` of a home that is not initialised fails.
  spawnSync(binary, call, { cwd: home, env, stdio: 'ignore' });
  if (!existsSync(file))
    throw new Error(`kugetsu ${call.join(' ')} did not write down in which order it uses the code`);
  return file;
}

interface Variant {
  readonly platform?: string | undefined;
  /** Files that say in which order code is to lie. */
  readonly order?: readonly string[];
}

function compileOnce(path: string, { platform, order = [] }: Variant = {}): void {
  const runtime = runtimeFor({
    bun: realpathSync(BUN),
    version: versionOf(join(ROOT, 'node_modules', 'bun')),
    cache: join(ROOT, 'node_modules', '.cache', 'kugetsu-runtime'),
    platform,
  });
  const target = platform === undefined ? [] : [`--target=bun-${platform}`];
  const ordered = order.length === 0 ? [] : [`--bytecode-order=${order.join()}`];
  bunBuild([...SINGLE_FILE, ...target, ...ordered, `--compile-executable-path=${runtime}`], path);
}

/** Builds the bundle for Node at `path`. */
export function compileBundle(path: string): void {
  bunBuild(['--target=node', '--format=esm', '--minify-syntax'], path);
  console.log(path.slice(ROOT.length + 1));
}

/** A build that fails leaves what was there before. */
function bunBuild(options: readonly string[], path: string): void {
  const building = `${dirname(path)}/.${path.slice(dirname(path).length + 1)}`;
  execFileSync(BUN, ['build', ...options, ...DEFINES, join(ROOT, 'bin', 'kugetsu.ts'), '--outfile', building], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(building, path);
}

/** The commit of this checkout; none in an unpacked archive, also when that lies in somebody else's repository. */
function commit(): string {
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync(ROOT)) return '';
    return git('rev-parse', '--short=10', 'HEAD');
  } catch {
    return '';
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function versionOf(directory: string): string {
  return (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version: string }).version;
}
