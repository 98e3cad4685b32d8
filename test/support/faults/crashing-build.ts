import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A kugetsu that was built for one test: its directory, to be removed, and the program in it. */
export interface BuiltProgram {
  readonly directory: string;
  readonly program: string;
}

/**
 * Builds kugetsu from the same sources with the same script, but for the module through which all changes go: that one is
 * `crashing-change.ts`.
 */
export function buildCrashing(): BuiltProgram {
  return buildWith({ 'adapters/store/change.ts': 'crashing-change.ts' });
}

/**
 * Builds kugetsu with modules of this directory in place of some of its own.
 *
 * @param replaced the names of the modules here by the paths of those in `src` whose place they take
 */
export function buildWith(replaced: Readonly<Record<string, string>>): BuiltProgram {
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-faulty-'));
  for (const name of ['bin', 'src', 'scripts', 'package.json', 'tsconfig.json', 'SKILL.md']) {
    cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  for (const [path, name] of Object.entries(replaced)) {
    copyFileSync(join(import.meta.dirname, name), join(directory, 'src', path));
  }
  copyFileSync(
    join(import.meta.dirname, 'point-name.ts'),
    join(directory, 'src', 'adapters', 'store', 'point-name.ts'),
  );
  execFileSync(join(ROOT, 'node_modules', '.bin', 'bun'), [join(directory, 'scripts', 'build.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { directory, program: join(directory, 'dist', 'kugetsu') };
}
