import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeNamespace, type Namespace } from './faults/namespace.ts';
import type { World } from './world.ts';

/** A container with this host name that has the home of the world, and processes of its own. */
export async function container(world: World, name: string): Promise<Namespace> {
  return makeNamespace(world, 'hostname "$1"', name);
}

/** Makes every heartbeat of the home one of an hour ago, as when nobody has renewed it since. */
export function silence(world: World): void {
  const directory = join(world.home, 'heartbeats');
  const then = new Date(Date.now() - 60 * 60_000);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    const beat = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...beat, uptime: 0 }));
    utimesSync(path, then, then);
  }
}
