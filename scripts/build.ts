// Builds the single binary dist/kugetsu, the Node bundle dist/kugetsu.mjs, and the manual page dist/kugetsu.1.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileBinaries, compileBundle, ROOT, VERSION } from './compile.ts';
import { manPage } from './man-page.ts';

const dist = join(ROOT, 'dist');
mkdirSync(dist, { recursive: true });
// A copy of the sources that lacks the tests is built without.
await compileBinaries([{ path: join(dist, 'kugetsu') }], async (...played) => {
  const { runOrders } = await import('./run-orders.ts');
  return runOrders(...played);
});

const bundle = join(dist, 'kugetsu.mjs');
compileBundle(bundle);
const text = readFileSync(bundle, 'utf8')
  .replace(/^#!.*\n/, '')
  .replace(/^\/\/ @bun\n/, '');
writeFileSync(bundle, `#!/usr/bin/env node\n${text}`);
chmodSync(bundle, 0o755);

writeFileSync(join(dist, 'kugetsu.1'), manPage(VERSION));
console.log('dist/kugetsu.1');
