import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { succeeded } from '../../fake-world.ts';
import { FAKE_OPENCODE, type World } from '../../world.ts';
import { failure, fine, type Misbehaviour, type OnTheRealOne, type Played } from './misbehaviour.ts';

/** The fake under another path, so that it is looked at anew, without one of its flags. */
function newerVersion(world: World): Record<string, string> {
  const path = join(world.root, 'newer-opencode');
  if (!existsSync(path)) writeFileSync(path, `#!/bin/sh\nexec '${FAKE_OPENCODE}' "$@"\n`);
  chmodSync(path, 0o755);
  return { KUGETSU_OPENCODE: path, FAKE_OPENCODE_WITHOUT_FLAG: 'auto', FAKE_OPENCODE_VERSION: '1.99.0' };
}

/** The checkout is the user's: kugetsu says that the agent was there, and what to look at, and changes nothing. */
function namesTheCheckout({ world, outcome, listed }: Played): void {
  expect(existsSync(join(world.project, 'written-by-an-agent'))).toBe(true);
  expect(outcome.stdout).toContain(
    `which is not its worktree; to see what changed there: git -C ${world.project} status`,
  );
  expect(outcome.stderr).toContain(`no commits; named ${world.project} outside its worktree`);
  expect(listed?.run?.verdict?.elsewhere).toBe(world.project);
}

/** What it wrote is still there; the inbox, which is large and written whole, had room for one more. */
async function isTold({ world, ref, listed }: Played): Promise<void> {
  expect(listed?.run?.verdict?.evidence).toMatchObject({ uncommitted_files: 1 });
  const { stdout } = succeeded(await world.kugetsu('notify', 'list', '--json'));
  const told = JSON.parse(stdout) as { readonly type: string; readonly issue_ref: string | null }[];
  expect(told.filter(({ type, issue_ref: about }) => type === 'task_error' && about === ref)).toHaveLength(1);
}

/** There were two runs, and the first one is on record with its reason. */
async function isNoted({ world, ref }: Played): Promise<void> {
  const runs = JSON.parse(succeeded(await world.kugetsu('logs', '1000', '--json')).stdout) as {
    readonly subject: string;
    readonly verdict: { readonly class: string } | null;
  }[];
  const ended = runs.filter(({ subject }) => subject === ref).map(({ verdict }) => verdict?.class);
  expect(ended).toEqual(['database_locked', 'ok']);
}

/** Its database is on another disk, so that only its words are lost. */
const FILLS_IT: OnTheRealOne = { replies: [{ bash: 'yes > full' }, { text: 'words '.repeat(10_000) }] };

/** An opencode that does not fit, or whose surroundings do not. */
export const SURROUNDINGS: readonly Misbehaviour[] = [
  {
    name: 'writes to the main checkout',
    message: ({ project }) => `fake: sh echo x > '${project}/written-by-an-agent'`,
    expected: fine(),
    also: namesTheCheckout,
    real: {
      replies: ({ project }) => [{ bash: `echo x > ${project}/written-by-an-agent` }, { text: 'Done.' }],
      also: namesTheCheckout,
    },
  },
  {
    name: 'fills the disk',
    upstream: [12848],
    message: 'fake: fill-disk',
    smallDisk: true,
    expected: failure('disk_full', /the disk .*is full/, { retryable: false }),
    also: isTold,
    real: FILLS_IT,
  },
  {
    name: 'fills the disk and does not mind',
    ofProcess: true,
    message: 'fake: fill-disk and go on',
    smallDisk: true,
    expected: failure('disk_full', /the disk .*is full/, { retryable: false }),
    also: isTold,
    real: 'no: that is the case before',
  },
  {
    name: 'a locked database',
    upstream: [47566, 33320],
    message: 'fake: exit 1 Error: database is locked',
    expected: failure('database_locked', /database was locked/),
    real: 'no: eight at once did not lock it out',
  },
  {
    name: 'a locked database once, then fine',
    upstream: [47566, 33320],
    message: (world) => `fake: locked-once ${join(world.root, 'locked-once')}`,
    queued: true,
    expected: fine(),
    also: isNoted,
    real: 'no: eight at once did not lock it out',
  },
  {
    name: 'a database that is locked while the session is forked',
    ofProcess: true,
    upstream: [47566, 33320],
    message: 'hello',
    env: { FAKE_OPENCODE_LOCKED: '1' },
    expected: failure('database_locked', /opencode import failed: Unexpected error: database is locked/, {
      noticed: 'the check of the fork',
    }),
    real: 'no: eight at once did not lock it out',
  },
  {
    name: 'a newer version that refuses a flag',
    ofProcess: true,
    message: 'fake: usage',
    expected: failure('opencode_unsupported', /does not accept the flags that kugetsu uses/, { retryable: false }),
    real: 'no: it is this version',
  },
  {
    name: 'a newer version with a missing flag',
    message: 'hello',
    env: newerVersion,
    expected: {
      outcome: 'refused',
      class: 'opencode_unsupported',
      message: /opencode 1\.99\.0 at \S+ lacks: run --auto\n.*too new for this kugetsu/,
      retryable: false,
      exit: 3,
      noticed: 'the check of opencode',
    },
    real: 'no: it is this version',
  },
  {
    name: 'a broken configuration',
    message: 'fake: exit 1 Error: Config file at /x/opencode.json is not valid JSON(C)',
    expected: failure('bad_opencode_config', /refused its configuration/, { retryable: false }),
    real: 'no: the scripted model is in that file',
  },
  {
    name: 'a read-only data directory',
    message: 'fake: exit 1 Error: EROFS: read-only file system, open',
    expected: failure('read_only', /read-only/, { retryable: false }),
    real: 'no: the other cases write there',
  },
];
