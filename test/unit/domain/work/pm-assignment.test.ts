import { expect, test } from 'vitest';
import { parseEvent } from '../../../../src/adapters/engine/event-lines.ts';
import { kugetsuCall, whyNothingStarted, type KugetsuCall } from '../../../../src/domain/work/pm-assignment.ts';

/** A bash tool's event as opencode 1.18.33 prints it. */
const ran = (command: string, exit: number, output = ''): KugetsuCall[] => {
  const state = { status: 'completed', input: { command }, output, metadata: { exit } };
  const call = kugetsuCall(parseEvent(JSON.stringify({ type: 'tool_use', part: { tool: 'bash', state } })));
  return call === undefined ? [] : [call];
};

const LIST = ran('kugetsu list --json', 0, '[]');
const REFUSED = ran('kugetsu start a/b/c#1 x', 3, 'kugetsu: opencode is not on PATH\n  install it');
const STARTED = ran('cd /tmp && kugetsu start a/b/c#1 x', 0, 'issue_ref\ta/b/c#1');

test.each([
  ['nothing was called', []],
  ['something else failed', ran('make test', 2)],
  ['a start went well', STARTED],
  ['a start went well after one that failed', [...REFUSED, ...STARTED]],
  ['an issue was being worked on', ran('kugetsu start a/b/c#1 x', 4, 'kugetsu: a/b/c#1 is at work')],
  ['it only looked', LIST],
  ['an exit code was the answer', ran('kugetsu queue-daemon status', 3, 'not running')],
  ['the command line was only mentioned', ran('grep "kugetsu start" README.md', 0, 'kugetsu start …')],
  ['another program has that name in it', ran('./my-kugetsu start', 1)],
])('%s: that is no reason', (_what, calls) => {
  expect(whyNothingStarted(calls)).toBeUndefined();
});

test.each([
  ['every start failed', REFUSED, 'opencode is not on PATH'],
  ['it could look, but not start', [...LIST, ...REFUSED], 'opencode is not on PATH'],
  ['kugetsu was not found', ran('kugetsu list', 127, 'sh: 1: kugetsu: not found'), 'not found'],
  ['the exit code was lost in a pipe', ran('kugetsu delegate x | tee log', 0, 'kugetsu: no'), 'kugetsu: no'],
  ['it was queued in vain', ran('kugetsu queue  enqueue a/b/c#1 x; true', 0, 'kugetsu: the disk is full'), 'full'],
])('%s: that is why', (_what, calls, said) => {
  expect(whyNothingStarted(calls)).toMatch(/^every kugetsu command of the PM agent failed: /);
  expect(whyNothingStarted(calls)).toContain(said);
});
