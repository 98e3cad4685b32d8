import { expect, test } from 'vitest';
import { parseOpencodeVersion } from '../../../../src/adapters/opencode/opencode-version.ts';

test.each([
  ['1.18.33\n', '1.18.33', 1],
  ['v1.18.33', '1.18.33', 1],
  ['opencode v1.19.0-beta.2\n', '1.19.0', 1],
  ['opencode v2.0.17\n', '2.0.17', 2],
  ['opencode2 v2.0.4\n', '2.0.4', 2],
  ['2.0.17', '2.0.17', 2],
  ['v3.1.0+build5', '3.1.0', 3],
  ['opencode2 v0.0.0-next-16350\n', '0.0.0-next-16350', 2],
  ['0.0.0-next-16350', '0.0.0-next-16350', 2],
  ['0.0.0-dev-202611201200', '0.0.0', 0],
  ['mise: opencode is installed now\r\n\u001B[1m1.18.33\u001B[0m\r\n', '1.18.33', 1],
])('%j is opencode %s of the major version %s', (output, version, major) => {
  expect(parseOpencodeVersion(output)).toEqual({ version, major });
});

test.each(['', 'Usage: opencode [file]', '2026.11.3 linux-x64 (2026-11-20)', '2.0', 'node v20.1.0'])(
  '%j is no version',
  (output) => {
    expect(parseOpencodeVersion(output)).toBeUndefined();
  },
);
