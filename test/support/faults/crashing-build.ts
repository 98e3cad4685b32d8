import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * Builds kugetsu from the same sources with the same script, but for the module through which all changes go: that one is
 * `crashing-change.ts`. @returns the directory of the build, to be removed, and the program in it
 */
export function buildCrashing(): { readonly directory: string; readonly program: string } {
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-crashing-'));
  for (const name of ['bin', 'src', 'scripts', 'package.json', 'tsconfig.json', 'SKILL.md']) {
    cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const store = join(directory, 'src', 'adapters', 'store');
  copyFileSync(join(import.meta.dirname, 'crashing-change.ts'), join(store, 'change.ts'));
  copyFileSync(join(import.meta.dirname, 'point-name.ts'), join(store, 'point-name.ts'));
  execFileSync(join(ROOT, 'node_modules', '.bin', 'bun'), [join(directory, 'scripts', 'build.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { directory, program: join(directory, 'dist', 'kugetsu') };
}
