import { lstatSync, readdirSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, REF, succeeded } from './fake-world.ts';
import type { World } from './world.ts';

/** An item of `prune --json`. */
export interface Pruned {
  readonly kind: string;
  readonly name: string;
  readonly path?: string;
  readonly reason: string;
  readonly bytes: number;
  readonly removed?: boolean;
  readonly error?: string;
}

/** What `prune --json` prints. */
export interface PrunedAll {
  readonly items: readonly Pruned[];
  readonly bytes: number;
  readonly problems: readonly string[];
}

/** What `prune --json` with these options says, when it exits with 0. */
export async function pruned(world: World, ...options: readonly string[]): Promise<PrunedAll> {
  return JSON.parse(succeeded(await world.kugetsu('prune', '--json', ...options)).stdout) as PrunedAll;
}

/** Items by kind and name. */
export function namesOf({ items }: Pick<PrunedAll, 'items'>): string[] {
  return items.map(({ kind, name }) => `${kind} ${name}`);
}

/** Takes an issue out of the index, as an index that was restored from an old back-up would have it. */
export function forgetIssue(world: World, ref: string = REF): void {
  const path = join(world.home, 'index.json');
  const index = readJson(path) as { issues: Record<string, string> };
  const { [ref]: _, ...issues } = index.issues;
  writeFileSync(path, JSON.stringify({ ...index, issues }));
}

/** Makes a file or a directory two hours old. */
export function age(path: string): void {
  const then = new Date(Date.now() - 2 * 60 * 60_000);
  utimesSync(path, then, then);
}

/** Every file under a directory with its content, links as what they say; locks, which come and go, left out. */
export function snapshot(root: string): Map<string, string> {
  const files = new Map<string, string>();
  const pending = [root];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const stat = lstatSync(path);
    if (path.endsWith('.lock') && stat.isDirectory()) continue;
    if (stat.isSymbolicLink()) files.set(path, readlinkSync(path));
    else if (stat.isDirectory()) for (const name of readdirSync(path)) pending.push(join(path, name));
    else files.set(path, readFileSync(path, 'latin1'));
  }
  return files;
}
