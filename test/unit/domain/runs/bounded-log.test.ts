import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../src/adapters/clock.ts';
import type { EventLine } from '../../../../src/adapters/engine/agent-event.ts';
import { parseEvent } from '../../../../src/adapters/engine/event-lines.ts';
import { remarkOf } from '../../../../src/adapters/opencode/stderr-reasons.ts';
import { homeAt } from '../../../../src/domain/home.ts';
import { cutText, SHOWN_LINE, sizeLimit } from '../../../../src/domain/runs/log-limits.ts';
import { parseRunLogLine } from '../../../../src/domain/runs/run-log-lines.ts';
import { openRunLog } from '../../../../src/domain/runs/run-log.ts';

const MEGABYTE = 1024 * 1024;

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bounded-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const context = () => ({ clock: systemClock, home: homeAt(directory), env: {} });
const linesIn = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
const eventOf = (line: string): EventLine => ({ from: 'agent', line, event: parseEvent(line) });
const tool = (output: string): string =>
  JSON.stringify({ type: 'tool_use', part: { tool: 'bash', state: { status: 'completed', input: {}, output } } });
const text = (content: string): string => JSON.stringify({ type: 'text', part: { text: content } });

test('a log that is full says so once, and has the records of kugetsu, the last one too', async () => {
  const path = join(directory, 'full.log');
  const log = await openRunLog(context(), path, { maxBytes: 2000 });
  await log.record({ event: 'started', run: 'r_1', kind: 'start', subject: 'x', message: 'hello' });
  for (let count = 0; count < 40; count += 1) {
    const { raw } = await log.event(eventOf(text('x'.repeat(100))));
    expect(raw.type).toBe('text');
    expect(await log.remark(remarkOf('warning: y'))).toMatchObject({ clean: 'warning: y' });
  }
  await log.event(eventOf('no event'));
  await log.record({ event: 'step', name: 'last', note: 'done', ms: 1 });
  await log.close();
  const lines = linesIn(path);
  expect(readFileSync(path).length).toBeLessThan(3000);
  expect(lines.filter((line) => line.includes('RUN_LOG_MAX_MB'))).toHaveLength(1);
  expect(lines.at(-2)).toContain('this log is full (2.0 KB');
  expect(parseRunLogLine(lines.at(-1) ?? '')).toMatchObject({
    from: 'kugetsu',
    record: { event: 'step', name: 'last' },
  });
});

test('what a tool has printed above 1 MB is cut, with its beginning and its end; what the agent says itself is whole', async () => {
  const path = join(directory, 'cut.log');
  const log = await openRunLog(context(), path);
  await log.event(eventOf(tool(`begin ${'x'.repeat(3 * MEGABYTE)} end`)));
  await log.event(eventOf(text(`begin ${'x'.repeat(3 * MEGABYTE)} end`)));
  await log.event(eventOf(`begin ${'x'.repeat(3 * MEGABYTE)} end`));
  await log.remark(remarkOf(`begin ${'x'.repeat(3 * MEGABYTE)} end`));
  await log.close();
  const [used = '', said = '', output = '', error = ''] = linesIn(path);
  for (const line of [used, output, error]) {
    expect(line.length).toBeLessThan(1.1 * MEGABYTE);
    expect(line).toMatch(/begin x.*kugetsu: 2\.0 MB left out here.*x end/);
  }
  expect(said.length).toBeGreaterThan(3 * MEGABYTE);
});

test('a secret at a cut is gone before the text is cut', async () => {
  const path = join(directory, 'secret.log');
  const log = await openRunLog({ ...context(), env: { DEPLOY_TOKEN: 'Zq7-topsecret' } }, path);
  await log.event(eventOf(tool(`${'x'.repeat(0.75 * MEGABYTE - 4)}Zq7-topsecret${'x'.repeat(MEGABYTE)}`)));
  await log.close();
  const [line = ''] = linesIn(path);
  expect(line).not.toContain('Zq7-');
  expect(line.length).toBeGreaterThan(0.75 * MEGABYTE);
  expect(line).toContain(' left out here]');
});

test('a text is cut between characters, and a short one not at all', () => {
  const shown = cutText('😀'.repeat(MEGABYTE));
  expect(shown).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/);
  expect(cutText('x'.repeat(MEGABYTE))).toHaveLength(MEGABYTE);
});

test('of a line that is too long to be shown, the event is shown', () => {
  const line = SHOWN_LINE.cut(tool('x'.repeat(1000)).slice(0, 500), 5 * MEGABYTE);
  expect(parseRunLogLine(line)).toMatchObject({ from: 'agent', event: { type: 'tool_use', tool: 'bash' } });
  expect(SHOWN_LINE.cut('no JSON', 5 * MEGABYTE)).toBe('no JSON [kugetsu: the rest is not shown, the line has 5.0 MB]');
});

test('no limit is 0', () => {
  expect([sizeLimit(0), sizeLimit(1.5)]).toEqual([Infinity, 1.5 * MEGABYTE]);
});
