import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeWorld, processesOf, until, type World } from './world.ts';

/** Where the worlds of this run of the tests lie that were prepared; none are kept when it is not set. */
const STORE = 'KUGETSU_PREPARED_WORLDS';

interface Preparation {
  /** What tells this preparation from others with the same options. */
  readonly name: string;
  readonly options: Parameters<typeof makeWorld>[0];
  readonly prepare: (world: World) => Promise<void>;
}

/**
 * Gives a new world what `prepare` does in one. It is done once in a run of the tests, and copied from then on: the
 * files have the same content, mode and times, and the path of the new world wherever they had that of the first.
 */
export async function furnish(world: World, { name, options, prepare }: Preparation): Promise<void> {
  const store = process.env[STORE];
  if (store === undefined) return prepare(world);
  const key = createHash('sha1')
    .update(JSON.stringify([name, options]))
    .digest('hex');
  const prepared = join(store, key);
  if (!existsSync(prepared)) await keep(prepared, options, prepare);
  const root = readFileSync(join(store, `${key}.root`), 'utf8');
  copyTree(prepared, world.root, (content) => replaceAll(content, root, world.root));
}

async function keep(path: string, options: Preparation['options'], prepare: Preparation['prepare']): Promise<void> {
  const first = makeWorld(options);
  try {
    await prepare(first);
    await until('nothing changes it any more', () => processesOf(first.root).length === 0);
    // Another worker may prepare the same: whose root is kept first is the one that is copied.
    mkdirSync(`${path}.taken`);
  } catch (error) {
    await first.destroy();
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await until('the other worker has kept its world', () => existsSync(path));
    return;
  }
  writeFileSync(`${path}.root`, first.root);
  renameSync(first.root, path);
}

type Change = (content: Buffer) => Buffer;

function copyTree(from: string, to: string, change: Change): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target, change);
    else if (entry.isSymbolicLink()) symlinkSync(change(readlinkSync(source, 'buffer')), target);
    else writeFileSync(target, change(readFileSync(source)));
    if (!entry.isDirectory() && !entry.isSymbolicLink()) keepFacts(source, target);
  }
  keepFacts(from, to);
}

function keepFacts(source: string, target: string): void {
  const { mode, atime, mtime } = lstatSync(source);
  chmodSync(target, mode & 0o7777);
  utimesSync(target, atime, mtime);
}

/** Both paths are of the same length, so that nothing else in a file moves. */
function replaceAll(content: Buffer, old: string, wanted: string): Buffer {
  let changed = content;
  for (let at = content.indexOf(old); at >= 0; at = content.indexOf(old, at + old.length)) {
    if (changed === content) changed = Buffer.from(content);
    changed.write(wanted, at);
  }
  return changed;
}
