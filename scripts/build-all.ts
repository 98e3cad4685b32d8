// Builds the single binary for every platform into dist/release, with their checksums in SHA256SUMS. The runtime
// of each of them is a package of the npm registry.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileBinary, ROOT } from './compile.ts';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

const release = join(ROOT, 'dist', 'release');
rmSync(release, { recursive: true, force: true });
mkdirSync(release, { recursive: true });
const sums = PLATFORMS.map((platform) => {
  const name = `kugetsu-${platform}`;
  compileBinary(join(release, name), platform);
  const sum = createHash('sha256')
    .update(readFileSync(join(release, name)))
    .digest('hex');
  return `${sum}  ${name}\n`;
});
writeFileSync(join(release, 'SHA256SUMS'), sums.join(''));
console.log('dist/release/SHA256SUMS');
