import { describe, expect, test } from 'vitest';
import { knownReason } from '../../../../src/adapters/opencode/stderr-reasons.ts';

/** Lines as opencode writes them, from those that explain the most. */
const LINES: readonly (readonly [name: string, retryable: boolean, lines: readonly string[]])[] = [
  [
    'agent_unavailable',
    false,
    [
      '! agent "nosuch" not found. Falling back to default agent',
      '\u001B[93m\u001B[1m!\u001B[0m agent "general" is a subagent, not a primary agent. Falling back to default agent',
      'Agent not found: "build". Available agents: plan',
      'default agent "nosuch" not found',
      'default agent "secret" is hidden',
      'no primary visible agent found',
    ],
  ],
  ['permission_rejected', false, ['permission requested: external_directory (/etc/*); auto-rejecting']],
  ['session_missing', false, ['Error: Session not found', 'Error: Session not found: ses_0123']],
  ['unknown_model', false, ['ProviderModelNotFoundError: ProviderModelNotFoundError', 'Error: Model not found: a/b.']],
  ['database_locked', true, ['SQLiteError: database is locked', 'WARN database is locked']],
  [
    'opencode_unsupported',
    false,
    ['opencode run [message..]', 'opencode [project]', 'Unknown argument: auto', 'Unknown arguments: print-logs, dir'],
  ],
  ['disk_full', false, ['Error: ENOSPC: no space left on device, write', 'SQLiteError: database or disk is full']],
  [
    'read_only',
    false,
    ['Error: EROFS: read-only file system, open', 'SQLiteError: attempt to write a readonly database'],
  ],
  [
    'bad_opencode_config',
    false,
    [
      'Error: Config file at /x/opencode.json is not valid JSON(C)',
      'ConfigInvalidError: model: Expected string',
      'ConfigJsonError',
    ],
  ],
];

describe('a line of standard error', () => {
  test.each(LINES.flatMap(([name, retryable, lines]) => lines.map((line) => [line, name, retryable] as const)))(
    '%j explains a failure as %s, retryable: %s',
    (line, name, retryable) => {
      expect(knownReason(line)).toMatchObject({ class: name, retryable, message: expect.stringMatching(/^\w.*\w$/) });
    },
  );

  test.each([
    '',
    'WARN it took long',
    // An agent's own words about an agent, and the model's about a session.
    'the agent "build" is at work',
    'the session was found',
    'I run opencode [message..] now',
    'a read-only file',
    'the database was unlocked',
  ])('%j explains nothing', (line) => {
    expect(knownReason(line)).toBeUndefined();
  });

  test('explains the more the lower its rank is, and no two reasons have the same', () => {
    const ranks = LINES.map(([, , lines]) => lines.map((line) => knownReason(line)?.rank));
    expect(ranks).toEqual(LINES.map(([, , lines], rank) => lines.map(() => rank)));
  });
});
