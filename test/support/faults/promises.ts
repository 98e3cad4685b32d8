import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryOf, worktreeOf } from '../fake-world.ts';
import { age } from '../prune-world.ts';
import { gitIn, processesOf, run, until, type World } from '../world.ts';
import { leaked, lost, type Problem } from './problems.ts';

/** What of a file is JSON: all of it, or each line of an export that is kept, which has a message on each. */
function textsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return path.endsWith('-export.json') ? text.split('\n').filter((line) => line !== '') : [text];
}

/** What holds at any time: every file of state parses, and the commands that look work. @returns what does not hold */
export async function soundState(world: World): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const path of stateFiles(world.home)) {
    try {
      for (const text of textsOf(path)) JSON.parse(text);
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
  const directories = ['sessions', join('queue', 'items'), 'cache', 'runs', 'logs'];
  return [home, ...directories.map((name) => join(home, name))].flatMap(jsonIn);
}

/** Whether the text is still in the worktree, or in what was saved, and then the way back is told. */
export async function workIsSafe(world: World, ref: string, text: string): Promise<Problem[]> {
  const inWorktree = await run(['grep', '-rqF', text, worktreeOf(world, ref)], { cwd: world.root, env: world.env });
  if (inWorktree.code === 0) return [];
  if (await isMovedAside(world, text)) return [];
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
  return [lost(`"${text}"`)];
}

/** Whether the text is among the files that were moved to `rescued/`, and the way there is told. */
async function isMovedAside(world: World, text: string): Promise<boolean> {
  const rescued = join(world.home, 'rescued');
  const { stdout } = await run(['grep', '-rlF', text, rescued], { cwd: world.root, env: world.env });
  const { stdout: told } = await world.kugetsu('notify', 'list', '--all');
  return stdout.split('\n').some((path) => path !== '' && told.includes(dirname(path)));
}

/** What crashes left in a world that neither the commands that came after nor `prune` have taken away. */
export async function leftBehind(world: World): Promise<Problem[]> {
  const temporary = join(world.userHome, '.local', 'share', 'opencode', 'tool-output');
  const cutOff = (): string[] =>
    [...ownEntries(world.home), ...ownEntries(temporary)].filter(
      (path) => path.endsWith('.tmp') || /\/(?:runs|tool-output)\/r_[0-9a-z]+(?:\.json)?$/.test(path),
    );
  // What is young may still be somebody's.
  cutOff().forEach(age);
  const { code, stderr } = await world.kugetsu('prune', '--force');
  // A runner that has just told its end lays its record beside the log.
  await until('nothing of a run is on', async () => processesOf(world.root).length === 0 || cutOff().length === 0);
  const problems = code === 0 ? [] : [`prune: exit code ${code}: ${stderr}`];
  return [
    ...problems,
    ...cutOff().map((path) => leaked(path)),
    ...processesOf(world.root).map(({ command }) => leaked(command)),
  ];
}

/** Everything in the home that is kugetsu's own: not what is in repositories and worktrees. */
function ownEntries(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const theirs = new Set(['worktrees', 'rescued', 'objects']);
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() && !theirs.has(entry.name) ? [path, ...ownEntries(path)] : [path];
  });
}
