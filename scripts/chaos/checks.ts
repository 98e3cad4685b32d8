import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { doubled, lost, type Problem } from '../../test/support/faults/problems.ts';
import { run, type World } from '../../test/support/world.ts';

/** The lines of a file of notes. */
export function noted(world: World, name: string): string[] {
  const path = join(world.root, 'notes', name);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** Which of these texts a file below one of the directories has, or anything that a ref of a repository there reaches. */
async function textsIn(world: World, directories: readonly string[], repositories: readonly string[]): Promise<string> {
  const files = await run(['grep', '-rhoE', '--binary-files=text', 'content-of-[a-z0-9-]+', ...directories], {
    cwd: world.root,
    env: world.env,
  });
  const objects: string[] = [];
  for (const repository of repositories) {
    const script =
      'git rev-list --objects --all | cut -d" " -f1 | git cat-file --batch | grep -aoE "content-of-[a-z0-9-]+"';
    objects.push((await run(['sh', '-c', script], { cwd: repository, env: world.env })).stdout);
  }
  return [files.stdout, ...objects].join('\n');
}

/** Work that agents have noted as made and that is nowhere. */
export async function lostWork(world: World): Promise<Problem[]> {
  const repos = join(world.home, 'repos');
  const bare = readdirSync(repos).filter((name) => name.endsWith('.git'));
  const remotes = readdirSync(join(world.root, 'remotes')).map((name) => join(world.root, 'remotes', name));
  const directories = ['worktrees', 'rescued'].map((name) => join(world.home, name));
  const found = new Set(
    (await textsIn(world, directories, [...bare.map((name) => join(repos, name)), ...remotes])).split('\n'),
  );
  return noted(world, 'made')
    .filter((name) => !found.has(`content-of-${name}`))
    .map((name) => lost(`the work of ${name}`));
}

/** Tries every way back that was told, as a person pastes it, each where it was not tried yet. */
export async function tryWaysBack(world: World, ways: ReadonlySet<string>): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const way of ways) {
    const { code, stderr } = await run(['bash', '-c', way], { cwd: world.root, env: world.env });
    if (code !== 0) problems.push(`the way back does not work: ${way}: ${stderr.trim()}`);
  }
  return problems;
}

/** The ways back in what a command or a notification has said. */
export function waysIn(text: string): string[] {
  return [...text.matchAll(/to get it back: (.*)/g)].map(([, way = '']) => way);
}

/** What a command must not have said or done, whatever happened around it. */
export function misbehaviour(args: readonly string[], code: number, stderr: string): Problem[] {
  const name = args.slice(0, 2).join(' ');
  const problems: Problem[] = [];
  if (![0, 1, 3, 4].includes(code)) problems.push(`${name}: exit code ${code}: ${stderr}`);
  if (/^\s+at .*[:(]\d+|internal_error|this is a bug/m.test(stderr)) problems.push(`${name}: ${stderr}`);
  return problems;
}

/** Agents that found another one in their worktree. */
export function doubledAgents(world: World): Problem[] {
  return noted(world, 'doubled').map((line) => doubled(`two agents at once: ${line}`));
}
