import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Context } from '../../src/domain/queue/context.ts';
import { homeAt } from '../../src/domain/home.ts';
import { parseIssueRef } from '../../src/domain/issues/issue-ref.ts';
import { FileQueue } from '../../src/domain/queue/file-queue.ts';
import { makeIssueWorktree, removeIssueWorktree } from '../../src/domain/worktrees/issue-worktree.ts';
import { fakeWorld, issue, REPOSITORY, repositoryOf, worktreeOf } from './fake-world.ts';
import { gitIn, makeRemote, mapRepositories, run, type World } from './world.ts';

/** A repository in whose worktrees nobody works; starting makes a worktree, and no session. */
export interface SharedRepository {
  readonly world: World;
  readonly context: Pick<Context, 'home' | 'env' | 'clock' | 'queue'>;
  readonly start: (number: number) => Promise<readonly string[]>;
  readonly destroy: (number: number) => Promise<void>;
}

/** A repository whose remote has three commits, before anything was started there. */
export async function sharedRepository(env: Readonly<Record<string, string>> = {}): Promise<SharedRepository> {
  const world = fakeWorld(env);
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n', 'greeting.txt': 'Hello.\n' });
  const checkout = join(world.root, 'checkouts', 'demo');
  for (const message of ['Second', 'Third']) {
    await gitIn(world, checkout, 'commit', '--quiet', '--allow-empty', '-m', message);
  }
  await gitIn(world, checkout, 'push', '--quiet', remote, 'main');
  mapRepositories(world, { [REPOSITORY]: remote });
  const home = homeAt(world.home);
  const facts = { home, env: world.env, clock: systemClock };
  const context = { ...facts, queue: new FileQueue(facts) };
  const repository = repositoryOf(world);
  const nameOf = (number: number): string => worktreeOf(world, issue(number)).split('/').at(-1) ?? '';
  return {
    world,
    context,
    start: async (number) => {
      const { notes } = await makeIssueWorktree(context, {
        ref: parseIssueRef(issue(number)),
        branch: `fix/issue-${number}`,
        ownerOf: () => undefined,
        name: nameOf(number),
        previousRepository: existsSync(repository) ? repository : null,
        fresh: false,
        isPending: false,
        onSaved: async () => undefined,
        onPlace: async () => undefined,
        onAdded: () => undefined,
        onTransfer: () => undefined,
      });
      return notes;
    },
    destroy: async (number) => {
      const path = worktreeOf(world, issue(number));
      const branch = `fix/issue-${number}`;
      await removeIssueWorktree(context, { path, repository, name: nameOf(number), branch }, async () => undefined);
    },
  };
}

/** Runs a script in the worktree of an issue, as its agent would. @returns what it printed, and how it failed */
export async function inWorktree({ world }: SharedRepository, number: number, script: string): Promise<string> {
  const env = { ...world.env, R: repositoryOf(world), OTHER: worktreeOf(world, issue(2)) };
  const { code, stdout, stderr } = await run(['sh', '-e', '-c', script], {
    cwd: worktreeOf(world, issue(number)),
    env,
  });
  return code === 0 ? stdout : `${stdout}\nexit code ${code}: ${stderr}`;
}
