import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';

/**
 * The path of the catalogue of models that is in the real opencode, in the form of the `models.json` that it fetches and keeps: tests
 * fetch nothing. It stands in the program `opencode` as an expression of JavaScript.
 */
export function realCatalogue(opencode: string): string {
  const manifest = createRequire(import.meta.url).resolve('opencode-ai/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const path = join(dirname(manifest), '..', '.cache', 'kugetsu', `opencode-${version}-models.json`);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(embeddedCatalogue(opencode)));
  renameSync(own, path);
  return path;
}

function embeddedCatalogue(opencode: string): unknown {
  const program = readFileSync(opencode);
  const opening = '.sync(()=>(';
  const fetcher = program.indexOf('/api.json`)');
  const start = program.indexOf(`${opening}{`, fetcher) + opening.length;
  const end = program.indexOf('})),', start) + 1;
  if (fetcher === -1 || start < opening.length || end === 0)
    throw new Error(`${opencode} has no catalogue that is found`);
  return runInNewContext(`(${program.toString('utf8', start, end)})`);
}
