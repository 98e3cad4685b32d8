import { basename } from 'node:path';
import type { Entry } from '../../adapters/store/entries.ts';
import type { KeptWorktree, PruneFacts, RepositoryFacts } from './prune-facts.ts';
import type { KnownWorktree, PruneItem } from './prune-item.ts';
import { isLongPast, ownsBranch, ownsWorktree, sessionOrphaned } from './tracked.ts';

/** An item before anybody has counted its bytes. */
export type PlannedItem = Omit<PruneItem, 'bytes'>;

/**
 * What can be deleted, in order of deletion: what others refer to comes later. Nothing of a tracked issue that is
 * not done, of the base session, of the PM agent, or of a live run.
 */
export function planPrune(facts: PruneFacts): PlannedItem[] {
  return [
    ...planLeftovers(facts),
    ...facts.repositories.flatMap((repository) => planKeptWorktrees(facts, repository)),
    ...planWorktrees(facts),
    ...planIssues(facts),
    ...facts.repositories.flatMap((repository) => planBranches(facts, repository)),
    ...planSessionFiles(facts),
    ...planSessions(facts),
  ];
}

function planLeftovers({ now, tracked, temporary, runs, servers, clones }: PruneFacts): PlannedItem[] {
  return [
    ...temporary
      .filter(({ type, modifiedMs }) => type === 'file' && isLongPast(modifiedMs, now))
      .map((entry) => placed({ kind: 'temporary_file', entry }, 'left by a write that was cut off')),
    ...runs
      .filter(
        ({ run, entry, alive }) =>
          tracked.queueRead && !alive && !tracked.runs.has(run) && isLongPast(entry.modifiedMs, now),
      )
      .map(({ run, entry }) => placed({ kind: 'run_directory', run, entry }, 'its run is over')),
    ...servers.map((entry) => placed({ kind: 'shared_server', entry }, 'a server that has died')),
    ...clones
      .filter(({ busy }) => !busy)
      .map(({ repository, entry }) => placed({ kind: 'half_clone', repository, entry }, 'a clone that was cut off')),
  ];
}

function planKeptWorktrees(facts: PruneFacts, { path: repository, kept }: RepositoryFacts): PlannedItem[] {
  return kept
    .filter((worktree) => worktree.stale && !isPlannedWorktree(facts, worktree) && !isOfDoneIssue(facts, worktree))
    .map((worktree) => ({
      target: { kind: 'worktree_entry', repository, kept: worktree },
      name: `${basename(repository)} ${worktree.id}`,
      path: worktree.directory,
      reason: `its worktree is gone: ${worktree.path}`,
    }));
}

function planWorktrees(facts: PruneFacts): PlannedItem[] {
  return orphanedWorktrees(facts).map((entry) => {
    const known = entry.type === 'directory' ? repositoryOf(facts, entry) : undefined;
    return placed({ kind: 'worktree', entry, known }, worktreeReason(entry, known));
  });
}

function worktreeReason({ type }: Entry, known: KnownWorktree | undefined): string {
  if (known !== undefined) return 'no tracked issue owns it';
  return type === 'link'
    ? 'no tracked issue owns it; only the link is removed'
    : 'no tracked issue owns it; not a worktree of a repository here, so it is moved to rescued/';
}

function orphanedWorktrees(facts: PruneFacts): Entry[] {
  const orphans = facts.worktrees.filter(({ name }) => !ownsWorktree(facts.tracked, name));
  return facts.allRepositoriesRead ? orphans : orphans.filter((entry) => repositoryOf(facts, entry) !== undefined);
}

function repositoryOf({ repositories }: PruneFacts, { name }: Entry): KnownWorktree | undefined {
  for (const { path: repository, kept } of repositories) {
    const own = kept.find((worktree) => worktree.name === name);
    if (own !== undefined) return { repository, kept: own };
  }
  return undefined;
}

/** The entry of an orphaned worktree goes with it. */
function isPlannedWorktree(facts: PruneFacts, { name }: KeptWorktree): boolean {
  return orphanedWorktrees(facts).some((entry) => entry.name === name && entry.type === 'directory');
}

function isOfDoneIssue({ done }: PruneFacts, { name }: KeptWorktree): boolean {
  return done.some(({ session: { worktree_path: path } }) => path !== null && basename(path) === name);
}

function planIssues({ done }: PruneFacts): PlannedItem[] {
  return done.map(({ session, reason }) => {
    const { issue_ref: ref, worktree_path: worktree, run } = session;
    const target = { kind: 'issue', ref, run: run?.id ?? '', worktree } as const;
    return { target, name: ref, ...(worktree === null ? {} : { path: worktree }), reason };
  });
}

function planBranches(facts: PruneFacts, { path: repository, kept, branches }: RepositoryFacts): PlannedItem[] {
  const leaving = new Set(
    kept.filter((worktree) => worktree.stale || isPlannedWorktree(facts, worktree)).map(({ path }) => path),
  );
  return branches
    .filter(({ name, worktree }) => {
      const free = worktree === undefined || leaving.has(worktree);
      return free && !ownsBranch(facts.tracked, repository, name);
    })
    .map((branch) => ({
      target: { kind: 'branch', repository, branch },
      name: `${basename(repository)} ${branch.name}`,
      reason: 'no tracked issue owns it',
    }));
}

function planSessionFiles({ unnamed }: PruneFacts): PlannedItem[] {
  return unnamed
    .filter(({ live }) => !live)
    .map(({ entry }) => placed({ kind: 'session_file', entry }, 'the index does not name it'));
}

function planSessions({ sessions, tracked, done, now }: PruneFacts): PlannedItem[] {
  const leaving = new Set(done.flatMap(({ session }) => session.previous_session_ids));
  return sessions.flatMap((session) => {
    const { id, title } = session;
    // The sessions that an issue names go with the issue.
    const reason = leaving.has(id) ? undefined : sessionOrphaned(session, tracked, now);
    return reason === undefined
      ? []
      : [{ target: { kind: 'opencode_session', session } as const, name: id, reason: `${reason} (${title})` }];
  });
}

type PlacedTarget = Extract<PruneItem['target'], { readonly entry: Entry }>;

function placed(target: PlacedTarget, reason: string): PlannedItem {
  return { target, name: target.entry.name, path: target.entry.path, reason };
}
