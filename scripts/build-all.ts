// Builds the single binary for every platform into dist/release, with their checksums in SHA256SUMS. The runtime
// of each of them is a package of the npm registry.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileBinaries, ROOT } from './compile.ts';
import { runOrders } from './run-orders.ts';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

const release = join(ROOT, 'dist', 'release');
rmSync(release, { recursive: true, force: true });
mkdirSync(release, { recursive: true });
const targets = PLATFORMS.map((platform) => ({ path: join(release, `kugetsu-${platform}`), platform }));
await compileBinaries(targets, runOrders);
const sums = targets.map(({ path }) => {
  const sum = createHash('sha256').update(readFileSync(path)).digest('hex');
  return `${sum}  ${basename(path)}\n`;
});
writeFileSync(join(release, 'SHA256SUMS'), sums.join(''));
console.log('dist/release/SHA256SUMS');
