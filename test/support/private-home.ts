import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run, type Outcome, type World } from './world.ts';

/** Everything under a home with its mode when that is not private, worktrees and what is inside repositories left out. */
export function tooOpen(home: string): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // An agent may be at work: what is gone by now, such as a lock, is open to nobody.
    if (stat === undefined || /^worktrees\/[^/]+$/.test(relative(home, path))) return;
    const mode = stat.mode & 0o777;
    // What agents are given there are programs: the launcher, and the hooks of git.
    const wanted = stat.isDirectory() || relative(home, path).startsWith('bin/') ? 0o700 : 0o600;
    if (mode !== wanted) found.push(`${relative(home, path)} ${mode.toString(8)}`);
    if (!stat.isDirectory() || /^repos\/[^/]+$/.test(relative(home, path))) return;
    for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(home);
  return found;
}

/** Runs kugetsu under another umask. */
export async function underUmask(world: World, umask: string, ...args: readonly string[]): Promise<Outcome> {
  const script = `umask ${umask}; exec "$@"`;
  return run(['sh', '-c', script, 'sh', ...world.command, ...args], { cwd: world.project, env: world.env });
}

/** The files under a home, those of `env/` left out, whose content `isLeak`. */
export function leaksIn(home: string, isLeak: (content: string) => boolean): string[] {
  const leaks: string[] = [];
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // What is gone by now has leaked nothing.
    if (stat === undefined || path === join(home, 'env')) return;
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    else if (stat.isFile() && isLeak(readIfThere(path))) leaks.push(path);
  };
  visit(home);
  return leaks;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
