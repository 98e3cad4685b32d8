import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beatsElsewhere, fingerprint, FRESH_MS, keepBeating } from '../../../../src/adapters/process/heartbeat.ts';
import {
  isOwn,
  ownIdentity,
  ownPlace,
  type ProcessIdentity,
} from '../../../../src/adapters/process/process-identity.ts';
import { standingOf } from '../../../../src/adapters/process/standing.ts';

let heartbeats = '';
beforeEach(() => {
  heartbeats = mkdtempSync(join(tmpdir(), 'kugetsu-heartbeats-'));
});
afterEach(() => rmSync(heartbeats, { recursive: true }));

const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const CONTAINER = 'pid:[1]';
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';

describe('a process', () => {
  test.each<[string, Partial<ProcessIdentity>, string]>([
    ['of this container that is alive', {}, 'alive'],
    ['of this container with another start time', { process_start: '1' }, 'gone'],
    ['of a file without places', { machine: undefined, pid_namespace: undefined }, 'alive'],
    [
      'of a file without places and another boot',
      { machine: undefined, pid_namespace: undefined, boot_id: OTHER_BOOT },
      'gone',
    ],
    ['of another container, written down just now', { pid_namespace: CONTAINER, since: ago(0) }, 'elsewhere'],
    [
      'of another container, with the same pid and start',
      { pid_namespace: CONTAINER, since: ago(FRESH_MS - 5000) },
      'elsewhere',
    ],
    ['of another container, long ago', { pid_namespace: CONTAINER, since: ago(FRESH_MS) }, 'silent'],
    ['of another container, from the future', { pid_namespace: CONTAINER, since: ago(-2 * FRESH_MS) }, 'silent'],
    ['of another container that says no time', { pid_namespace: CONTAINER, since: undefined }, 'silent'],
    ['of another machine, just now', { boot_id: OTHER_BOOT, machine: 'box-2', since: ago(0) }, 'elsewhere'],
    ['of another machine, long ago', { boot_id: OTHER_BOOT, machine: 'box-2', since: ago(FRESH_MS) }, 'silent'],
    ['of this machine before a reboot', { boot_id: OTHER_BOOT, since: ago(0) }, 'gone'],
  ])('%s is %s', (_what, changes, standing) => {
    expect(standingOf({ ...ownIdentity(), ...changes }, heartbeats)).toBe(standing);
  });

  test('of a machine of the same name, whose heartbeat was renewed since this one was booted, is elsewhere', async () => {
    const stop = await keepBeating(heartbeats, 'a test');
    const [name = ''] = readdirSync(heartbeats);
    const own = ownIdentity();
    const path = join(heartbeats, name);
    expect(standingOf({ ...own, boot_id: OTHER_BOOT }, heartbeats)).toBe('gone');
    // What the other machine has written under the name of that process.
    const { boot_id: boot, pid_namespace: namespace, pid, process_start: start } = own;
    expect(boot).not.toBe(OTHER_BOOT);
    const identity = JSON.stringify([OTHER_BOOT, namespace, pid, start]);
    const theirs = join(heartbeats, fingerprint(identity));
    writeFileSync(theirs, JSON.stringify({ ...own, boot_id: OTHER_BOOT, what: 'a test', uptime: 5 }));
    expect(standingOf({ ...own, boot_id: OTHER_BOOT }, heartbeats)).toBe('elsewhere');
    expect(beatsElsewhere(heartbeats).map(({ what }) => what)).toEqual(['a test']);
    utimesSync(theirs, new Date(0), new Date(0));
    expect(standingOf({ ...own, boot_id: OTHER_BOOT }, heartbeats)).toBe('gone');
    await stop();
    expect(readdirSync(heartbeats)).not.toContain(path);
  });

  test('whose heartbeat a jump of the clock has made old is elsewhere still, by the uptime that it has', async () => {
    const stop = await keepBeating(heartbeats, 'a test');
    const [name = ''] = readdirSync(heartbeats);
    const there = { ...ownIdentity(), pid_namespace: CONTAINER };
    const identity = JSON.stringify([there.boot_id, CONTAINER, there.pid, there.process_start]);
    const theirs = join(heartbeats, fingerprint(identity));
    const { uptime } = await import('node:os');
    const write = (seconds: number): void => {
      writeFileSync(theirs, JSON.stringify({ ...there, what: 'a test', uptime: seconds }));
      utimesSync(theirs, new Date(0), new Date(0));
    };
    write(uptime() - 5);
    expect(standingOf(there, heartbeats)).toBe('elsewhere');
    write(uptime() - FRESH_MS / 1000 - 5);
    expect(standingOf(there, heartbeats)).toBe('silent');
    expect(name).not.toBe('');
    await stop();
  });

  test('is this one only in the same place', () => {
    expect(isOwn(ownIdentity())).toBe(true);
    expect(isOwn({ ...ownIdentity(), pid_namespace: CONTAINER })).toBe(false);
    expect(isOwn({ ...ownIdentity(), boot_id: OTHER_BOOT })).toBe(false);
    expect(isOwn({ ...ownIdentity(), pid: 1 })).toBe(false);
  });

  test('leaves no heartbeat behind, and removes those that others have left for a day', async () => {
    const old = join(heartbeats, '0123456789abcdef');
    const strange = join(heartbeats, 'notes.txt');
    for (const path of [old, strange]) {
      writeFileSync(path, '');
      utimesSync(path, new Date(0), new Date(0));
    }
    const stop = await keepBeating(heartbeats, 'a test');
    expect(readdirSync(heartbeats)).toHaveLength(2);
    await stop();
    expect(readdirSync(heartbeats)).toEqual(['notes.txt']);
    expect(ownPlace().machine).not.toBe('');
  });
});
