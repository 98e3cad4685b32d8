import { join } from 'node:path';
import { expect } from 'vitest';
import { opencodeCalls, readJson, storedSessions } from '../../fake-world.ts';
import type { World } from '../../world.ts';
import { failure, fine, OWN_CODE, type Misbehaviour, type Played } from './misbehaviour.ts';

const REFUSED = { noticed: 'the check of the fork' } as const;

/** No agent was called in a session of this world for the issue. */
function nothingWasRun({ world, ref, listed }: Played): void {
  expect(listed?.session_id).toBeNull();
  expect(listed?.worktree).not.toBeNull();
  const told = opencodeCalls(world).filter(([command, ...args]) => command === 'run' && args.join(' ').includes(ref));
  expect(told).toEqual([]);
}

function wasImported({ world }: Played): void {
  const called = opencodeCalls(world).map(([command]) => command);
  // Those of init come before any server.
  expect(called.lastIndexOf('import')).toBeGreaterThan(called.indexOf('serve'));
}

/** The sessions that the fake has stored for a directory. */
function sessionsIn(world: World, directory: string | null | undefined): string[] {
  const stored = join(world.userHome, '.local', 'share', 'fake-opencode');
  return storedSessions(world).filter((id) => {
    const { info } = readJson(join(stored, `${id}.json`)) as { readonly info: { readonly directory: string } };
    return info.directory === directory;
  });
}

/** An opencode that stores something else than it was given. */
export const SESSIONS: readonly Misbehaviour[] = [
  {
    name: 'forks into the wrong directory',
    apart: true,
    upstream: [46276, 41841],
    message: 'hello',
    env: { FAKE_OPENCODE_WRONG_DIRECTORY: '1' },
    expected: failure('fork_not_proved', /its directory is \/elsewhere instead of /, REFUSED),
    also: nothingWasRun,
    real: "no: kugetsu does not use opencode's own fork, which does so",
  },
  {
    name: 'imports half of the messages',
    apart: true,
    message: 'hello',
    env: { FAKE_OPENCODE_LOSE_PARTS: '1' },
    expected: failure('fork_not_proved', /it has 1 messages and 1 parts instead of 2 and 2/, REFUSED),
    also: nothingWasRun,
    real: OWN_CODE,
  },
  {
    name: 'a session id of another shape',
    apart: true,
    message: 'hello',
    env: { FAKE_OPENCODE_OTHER_ID: '1' },
    expected: failure('fork_not_proved', /the session is not there/, REFUSED),
    also: (played) => {
      nothingWasRun(played);
      expect(sessionsIn(played.world, played.listed?.worktree)).toEqual([]);
    },
    real: 'no: this version takes the id that it is given',
  },
  // A fork that the server does not store is imported, and the agent works in a server all the same.
  ...(
    [
      ['a server that refuses to store a fork', 'refused'],
      ['a server that does not answer when it is to store a fork', 'hangs'],
      ['a server that dies in the middle of storing a fork', 'dies'],
    ] as const
  ).map(([name, how]) => ({
    name,
    ofServer: true,
    apart: true,
    message: 'hello',
    env: { FAKE_OPENCODE_REPLAY: how },
    expected: fine(/./),
    also: wasImported,
    real: OWN_CODE,
  })),
];
