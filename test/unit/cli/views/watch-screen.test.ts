import { array, assert, integer, property, string } from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { keysIn, paintOf } from '../../../../src/adapters/screen.ts';
import { changesOf } from '../../../../src/cli/watch/changes.ts';
import { frame, heightsOf, windowOf } from '../../../../src/cli/watch/frame.ts';
import { FIRST_STATE, pressed } from '../../../../src/cli/watch/state.ts';
import type { Overview } from '../../../../src/domain/overview/overview.ts';
import { ShownScreen } from '../../../support/terminal.ts';

const AT = '2026-03-29T18:16:10+02:00';
const NOW = Date.parse(AT);

function overviewWith(texts: readonly string[]): Overview {
  return {
    at: AT,
    sessions: texts.map((text, index) => ({
      issue_ref: `forge.test/acme/${index}#1`,
      type: 'forked',
      session_id: null,
      worktree: null,
      branch: null,
      state: text,
      created_at: AT,
      last_activity: AT,
      run: null,
      elsewhere: null,
      activity: null,
    })),
    pm_runs: [],
    tasks: [],
    daemon: { running: true, pid: 1, since: AT, elsewhere: null },
    slots: { limit: 3, taken: 0, pm_limit: null, pm_running: 0 },
    fleet: null,
    holds: [],
    today: { tokens: 0, cost: 0 },
    notifications: texts.map((message, index) => ({
      id: `n_${index}`,
      timestamp: AT,
      type: 'message',
      message,
      issue_ref: null,
      task: null,
      read: false,
    })),
    problems: [...texts],
  };
}

// Slow on a busy machine: thirty screens of up to sixty lines.
test('a screen has as many lines as the terminal, none wider, whatever agents say', () => {
  assert(
    property(
      array(string({ unit: 'binary' }), { maxLength: 30 }),
      integer({ min: 1, max: 60 }),
      integer({ min: 20, max: 200 }),
      (texts, rows, columns) => {
        const lines = frame(overviewWith(texts), FIRST_STATE, { rows, columns, colour: false, now: NOW });
        expect(lines).toHaveLength(rows);
        const screen = new ShownScreen();
        screen.take(paintOf([], lines));
        for (const row of screen.rows) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
      },
    ),
    { numRuns: 30 },
  );
});

test('in a fleet, a line says how its hosts stand', () => {
  const known = { version: '0.1.0', slots: 3, waiting: 0, claimed: 0 };
  const fleet: Overview['fleet'] = {
    host: 'a',
    hosts: [
      { ...known, name: 'a', state: 'draining', live: 2, silent: false },
      { ...known, name: 'b', state: 'up', live: 0, silent: true },
      { ...known, name: 'c', state: 'up', live: 3, silent: false },
    ],
  };
  const style = { rows: 10, columns: 80, colour: false, now: NOW };
  const lines = frame({ ...overviewWith([]), fleet }, FIRST_STATE, style);
  expect(lines[1]).toBe('hosts  a 2/3 (this host, draining)  b 0/3 (silent)  c 3/3');
  expect(lines).toHaveLength(10);
  expect(frame(overviewWith([]), FIRST_STATE, style).join('\n')).not.toContain('hosts');
});

test('only the lines that changed are written, and nothing when none did', () => {
  expect(paintOf(['a', 'b'], ['a', 'b'])).toBe('');
  const paint = paintOf(['a', 'b', 'c'], ['a', 'x', 'c']);
  expect(paint).toContain('\u001B[2;1H\u001B[Kx');
  expect(paint).not.toContain('a');
  expect(paint).not.toContain('\u001B[3;1H');
});

test('what an agent says moves no cursor and sets no title', () => {
  const paint = paintOf([], ['\u001B[2J\u001B]0;title\u0007hello\u001B[31m']);
  expect(paint).not.toContain('\u001B[2J');
  expect(paint).not.toContain('\u001B]0');
});

test('keys are known by what terminals send, several at once, too', () => {
  expect(keysIn('j\u001B[A\u001BOB\r\u0003\u001B[5~q')).toEqual(['j', 'up', 'down', 'enter', 'ctrl-c', 'page-up', 'q']);
  expect(keysIn('\u001B[200~\u001B[1;5C')).toEqual([]);
});

test('the parts of the screen share its room, and never take more', () => {
  assert(
    property(
      array(integer({ min: 0, max: 100 }), { minLength: 3, maxLength: 3 }),
      integer({ min: 0, max: 60 }),
      (counts, room) => {
        const heights = heightsOf(counts, { room, chosen: 0 });
        expect(heights.reduce((sum, height) => sum + height, 0)).toBeLessThanOrEqual(Math.max(room, 0));
        expect(heights.every((height) => height >= 0)).toBe(true);
      },
    ),
  );
});

test('the chosen row is in sight', () => {
  assert(
    property(
      integer({ min: 1, max: 50 }),
      integer({ min: 0, max: 49 }),
      integer({ min: 1, max: 20 }),
      (count, at, height) => {
        const rows = Array.from({ length: count }, (_, index) => index);
        const chosen = Math.min(at, count - 1);
        expect(windowOf(rows, chosen, height)).toContain(chosen);
      },
    ),
  );
});

test('a key asks before it stops anything, and any answer but yes does nothing', () => {
  const overview = { ...overviewWith(['destroying']), problems: [] };
  const asked = pressed(FIRST_STATE, 's', overview, new Set());
  expect(asked.does).toBeUndefined();
  expect(asked.state.asks?.question).toBe('Stop forge.test/acme/0#1?');
  expect(pressed(asked.state, 'enter', overview, new Set()).does).toBeUndefined();
  expect(pressed(asked.state, 'y', overview, new Set()).does).toEqual({
    args: ['stop', 'forge.test/acme/0#1'],
    shows: false,
  });
});

test('a key shows the diff of the chosen issue, or opens opencode there', () => {
  const overview = overviewWith(['idle']);
  const known = new Set(['diff', 'attach']);
  for (const [key, command] of [
    ['d', 'diff'],
    ['a', 'attach'],
  ] as const) {
    expect(pressed(FIRST_STATE, key, overview, known).does).toEqual({
      args: [command, 'forge.test/acme/0#1'],
      shows: true,
    });
  }
});

test('without a terminal only what changed is a line', () => {
  const before = overviewWith([]);
  expect(changesOf(before, before)).toEqual([]);
  const after = { ...overviewWith(['hello\nthere']), problems: [] };
  expect(changesOf(before, after)).toEqual([
    `${AT}\tagent\tforge.test/acme/0#1\tidle`,
    `${AT}\tnotification\t-\tmessage: hello there`,
  ]);
});
