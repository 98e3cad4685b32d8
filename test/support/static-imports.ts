import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const IMPORT = /^(?:import|export) (?!type )(?:[^'";]*? from )?'([^']+)'/gm;

/** Every package and `node:` module that is loaded with a source file, by whichever of its static imports, and by theirs. */
export function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const loaded = new Set<string>();
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    if (name.endsWith('.md')) continue;
    if (!name.startsWith('.')) loaded.add(name);
    else for (const inner of loadedWith(join(dirname(file), name), seen)) loaded.add(inner);
  }
  return loaded;
}
