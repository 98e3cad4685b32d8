// Installs the preview of opencode 2 that the tests run on, 99 MB, outside of the repository and its dependencies.
// usage: bun scripts/opencode2-preview.ts
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const PACKAGE = '@opencode-ai/cli-linux-x64-baseline';
/** The newest that the registry has: of the end of July 2026, before 2.0.0. */
const VERSION = '0.0.0-next-16350';

/** How long the download may take, in milliseconds. A registry that does not answer is given up before that. */
const LIMIT_MS = 300_000;
const OPTIONS = ['--no-audit', '--no-fund', '--fetch-retries', '1', '--fetch-timeout', '60000'];

/** The path of the preview's program, whether it is installed or not. It is kept in the user's cache. */
export function previewProgram(): string {
  const named = process.env['XDG_CACHE_HOME'] ?? '';
  const cache = named === '' ? join(homedir(), '.cache') : named;
  return join(cache, 'kugetsu-tests', `opencode-${VERSION}`, 'node_modules', PACKAGE, 'bin', 'opencode2');
}

function install(): void {
  const program = previewProgram();
  if (existsSync(program)) return;
  const directory = join(dirname(program), '..', '..', '..', '..');
  mkdirSync(dirname(directory), { recursive: true });
  // Half an installation would be taken for a whole one.
  const building = mkdtempSync(`${directory}.`);
  try {
    execFileSync('npm', ['install', '--prefix', building, ...OPTIONS, `${PACKAGE}@${VERSION}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: LIMIT_MS,
    });
    rmSync(directory, { recursive: true, force: true });
    renameSync(building, directory);
  } catch (error) {
    rmSync(building, { recursive: true, force: true });
    throw error;
  }
}

/** Installs it, or says why the tests that need it cannot run. */
function installOrSay(): void {
  try {
    install();
    process.stdout.write(`${previewProgram()}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`cannot install ${PACKAGE}@${VERSION}, on which test:opencode2 runs: ${reason}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) installOrSay();
