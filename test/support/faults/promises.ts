import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryOf, worktreeOf } from '../fake-world.ts';
import { gitIn, run, type World } from '../world.ts';

/** What holds at any time: every file of state parses, and the commands that look work. @returns what does not hold */
export async function soundState(world: World): Promise<string[]> {
  const problems: string[] = [];
  for (const path of stateFiles(world.home)) {
    try {
      JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      problems.push(`${path}: ${String(error)}`);
    }
  }
  const looks = [['list', '--json'], ['queue', 'list', '--json'], ['notify', 'list', '--all', '--json'], ['status']];
  for (const args of looks) {
    const { code, stderr } = await world.kugetsu(...args);
    if (code !== 0) problems.push(`${args.join(' ')}: exit code ${code}: ${stderr}`);
  }
  return problems;
}

function stateFiles(home: string): string[] {
  const jsonIn = (directory: string): string[] =>
    existsSync(directory)
      ? readdirSync(directory)
          .filter((name) => name.endsWith('.json'))
          .map((name) => join(directory, name))
      : [];
  return [home, join(home, 'sessions'), join(home, 'queue', 'items'), join(home, 'cache')].flatMap(jsonIn);
}

/** Whether the text is still in the worktree, or in what was saved, and then the way back is told. */
export async function workIsSafe(world: World, ref: string, text: string): Promise<string[]> {
  const inWorktree = await run(['grep', '-rqF', text, worktreeOf(world, ref)], { cwd: world.root, env: world.env });
  if (inWorktree.code === 0) return [];
  const repository = repositoryOf(world);
  const refs = (await gitIn(world, repository, 'for-each-ref', '--format=%(refname)', 'refs/kugetsu/rescue')).split(
    '\n',
  );
  const { stdout: told } = await world.kugetsu('notify', 'list', '--all');
  const holds = await Promise.all(
    refs
      .filter((name) => name !== '')
      .map(async (saved) => ({
        saved,
        ...(await run(['git', 'grep', '-qF', text, saved], { cwd: repository, env: world.env })),
      })),
  );
  const saved = holds.filter(({ code }) => code === 0);
  if (saved.some(({ saved: name }) => told.includes(name))) return [];
  if (saved.length > 0) return [`the way back to ${saved.map(({ saved: name }) => name).join(', ')} was not told`];
  return [`"${text}" is lost`];
}
