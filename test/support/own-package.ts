import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './world.ts';

/** Has opencode find its own package where it would install it, as it does after its first minutes on a machine. */
export function installOwnPackage({ userHome }: Pick<World, 'userHome'>): void {
  const directory = join(userHome, '.config', 'opencode');
  mkdirSync(join(directory, 'node_modules'), { recursive: true });
  const dependencies = { '@opencode-ai/plugin': '1.18.33' };
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ dependencies }));
  writeFileSync(
    join(directory, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, packages: { '': { dependencies } } }),
  );
}
