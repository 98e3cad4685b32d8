import { join } from 'node:path';
import { ownUserId } from '../../../adapters/process/user.ts';
import { listDirectory } from '../../../adapters/store/directory.ts';
import { setMode } from '../../../adapters/store/private-files.ts';
import { pathFacts, type PathFacts } from '../../../adapters/store/paths.ts';
import { isScratchDirectory } from '../../../adapters/store/scratch.ts';
import { mayBeBuilding } from '../../../adapters/store/temporary-name.ts';
import { plural, pasteQuote } from '../../../util/text.ts';
import type { Home } from '../../home.ts';
import { type Check, fine, fixable, wrong, type Finding } from '../check.ts';

const NAME = 'home-modes';
const WRITABLE_BY_OTHERS = 0o022;
const OPEN_TO_OTHERS = 0o077;
/** Names of short-lived files of other checks and of other kugetsu processes. */
const PASSING = /\.lock$|\.guard$/;

/** Everything in the home belongs to the user alone. Files inside worktrees and repositories have git's modes. */
export const modesCheck: Check = {
  name: NAME,
  needsHome: false,
  async run({ home }) {
    const entries = await entriesOf(home);
    const findings = [foreign(home, entries), tooOpen(home, entries), tooClosed(entries)].filter(
      (finding) => finding !== undefined,
    );
    return findings.length > 0 || entries.length === 0 ? findings : [fine(NAME, `${home.root} is private`)];
  },
};

interface Entry {
  readonly path: string;
  readonly facts: PathFacts;
}

async function entriesOf(home: Home): Promise<Entry[]> {
  const closed = new Set([home.worktrees, home.repos, home.rescued]);
  const paths = await walk(home.root, (path) => closed.has(path));
  const entries = await Promise.all(paths.map(async (path) => ({ path, facts: await pathFacts(path) })));
  return entries.flatMap(({ path, facts }) => (facts === undefined || facts.type === 'link' ? [] : [{ path, facts }]));
}

async function walk(path: string, isClosed: (path: string) => boolean): Promise<string[]> {
  const facts = await pathFacts(path);
  if (facts === undefined) return [];
  if (facts.type !== 'directory' || isClosed(path)) return [path];
  // A directory that may not be read is found by its own mode.
  const names = (await listDirectory(path).catch(() => [])).filter(
    (name) => !PASSING.test(name) && !isScratchDirectory(name) && !mayBeBuilding(name),
  );
  const below = await Promise.all(names.map(async (name) => walk(join(path, name), isClosed)));
  return [path, ...below.flat()];
}

function foreign({ root }: Home, entries: readonly Entry[]): Finding | undefined {
  const own = ownUserId();
  const others = own === undefined ? [] : entries.filter(({ facts }) => facts.uid !== own);
  if (others.length === 0) return undefined;
  const command = `sudo chown -R "$(id -un)" ${pasteQuote(root)}`;
  return wrong('error', NAME, `${what(others)} of another user`, command);
}

function tooOpen({ root }: Home, entries: readonly Entry[]): Finding | undefined {
  const open = entries.filter(({ facts }) => (facts.mode & OPEN_TO_OTHERS) !== 0);
  if (open.length === 0) return undefined;
  const writable = open.some(({ facts }) => (facts.mode & WRITABLE_BY_OTHERS) !== 0);
  const message = `${what(open)} ${writable ? 'writable by' : 'readable by'} other users`;
  // Behind a directory that is closed to them nobody gets there.
  const reachable = open.some(({ path }) => path === root);
  const level = !reachable ? 'info' : writable ? 'error' : 'warning';
  return fixable(level, NAME, message, async () => narrow(open));
}

function tooClosed(entries: readonly Entry[]): Finding | undefined {
  const closed = entries.filter(({ facts }) => (facts.mode & ownBits(facts)) !== ownBits(facts));
  if (closed.length === 0) return undefined;
  return fixable('error', NAME, `${what(closed)} not usable by their own user`, async () => narrow(closed));
}

async function narrow(entries: readonly Entry[]): Promise<string> {
  for (const { path, facts } of entries) {
    const executable = facts.type === 'file' && (facts.mode & 0o100) !== 0 ? 0o100 : 0;
    await setMode(path, ownBits(facts) | executable);
  }
  return `made private: ${what(entries).replace(/ (?:is|are)$/, '')}`;
}

function ownBits({ type }: PathFacts): number {
  return type === 'directory' ? 0o700 : 0o600;
}

function what(entries: readonly Entry[]): string {
  const [first] = entries;
  const more = entries.length - 1;
  const path = `${first?.path ?? ''} (mode ${(first?.facts.mode ?? 0).toString(8).padStart(4, '0')})`;
  return more === 0 ? `${path} is` : `${path} and ${plural(more, 'more path')} are`;
}
