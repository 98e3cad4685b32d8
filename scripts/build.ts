// Builds the single binary dist/kugetsu and the Node bundle dist/kugetsu.mjs.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manPage } from './man-page.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const bun = join(root, 'node_modules', '.bin', 'bun');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const defines = [
  `KUGETSU_VERSION=${JSON.stringify(version)}`,
  `KUGETSU_COMMIT=${JSON.stringify(commit())}`,
  'process.env.NODE_ENV="production"',
].flatMap((define) => ['--define', define]);

mkdirSync(dist, { recursive: true });
build(
  [
    '--compile',
    '--minify',
    '--bytecode',
    '--format=esm',
    '--splitting',
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
  ],
  'kugetsu',
);
build(['--target=node', '--format=esm', '--minify-syntax'], 'kugetsu.mjs');

const bundle = join(dist, 'kugetsu.mjs');
const text = readFileSync(bundle, 'utf8')
  .replace(/^#!.*\n/, '')
  .replace(/^\/\/ @bun\n/, '');
writeFileSync(bundle, `#!/usr/bin/env node\n${text}`);
chmodSync(bundle, 0o755);

writeFileSync(join(dist, 'kugetsu.1'), manPage(version));
console.log('dist/kugetsu.1');

/** A build that fails leaves what was there before. */
function build(options: readonly string[], name: string): void {
  const building = join(dist, `.${name}`);
  execFileSync(bun, ['build', ...options, ...defines, join(root, 'bin', 'kugetsu.ts'), '--outfile', building], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(building, join(dist, name));
  console.log(`dist/${name}`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
