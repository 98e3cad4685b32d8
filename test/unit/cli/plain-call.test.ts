import { expect, test } from 'vitest';
import { parsedRequest } from '../../../src/cli/parse.ts';
import { plainRequest } from '../../../src/cli/plain-call.ts';
import { TABLE } from '../../../src/cli/table/all.ts';

const PLAIN = TABLE.filter((entry) => entry.load !== undefined).filter(({ plain }) => plain !== undefined);

const parse = async (args: readonly string[]): ReturnType<typeof parsedRequest> =>
  parsedRequest({ out: () => undefined, err: () => undefined }, args);

test('what is called often is among them, and takes nothing that has to be interpreted', () => {
  const frequent = ['delegate', 'start', 'status', 'list', 'queue list', 'queue-daemon run', '__runner'];
  expect(PLAIN.map(({ words }) => words)).toEqual(expect.arrayContaining(frequent));
  for (const { takes, options, plain = [] } of PLAIN) {
    expect(JSON.stringify(Object.values(takes))).not.toContain('oneOf');
    expect(new Set(Object.values(takes).map(({ kind }) => kind))).not.toContain('optional');
    for (const name of plain) expect(options[name]?.kind).toBe('flag');
  }
});

test.each(PLAIN)(
  '$words with its arguments and flags is what the parser makes of it',
  async ({ words, takes, ...entry }) => {
    const { plain = [], options } = entry;
    const line = [...words.split(' '), ...Object.keys(takes).map((name, place) => (place === 1 ? '-' : `a ${name}`))];
    const flags = plain.map((name) => options[name]?.long ?? '');
    for (const args of [
      line,
      [...line, ...flags],
      [...words.split(' '), ...flags, ...line.slice(words.split(' ').length)],
    ]) {
      const request = await plainRequest(args);
      expect(request?.command.words).toBe(words);
      expect(request).toEqual(await parse(args));
    }
  },
);

test.each(PLAIN)('$words with another option, or one word more or less, is left to the parser', async (entry) => {
  const takes = Object.keys(entry.takes);
  const line = [...entry.words.split(' '), ...takes.map(() => 'word')];
  const lines = [
    [...line, 'more'],
    [...line, '--help'],
    ['--json', ...line],
    [...line, '--'],
  ];
  const [flag] = entry.plain ?? [];
  const long = entry.options[flag ?? '']?.long;
  if (long !== undefined) lines.push([...line, long, long], [...line, `${long}=yes`], [...line, long.slice(0, -1)]);
  if (takes.length > 0) lines.push(line.slice(0, -1), [...line.slice(0, -1), '--json'], [...line.slice(0, -1), '-x']);
  for (const args of lines) expect({ args, request: await plainRequest(args) }).toEqual({ args, request: undefined });
});

test('no command line at all, and a word that is no command, are left to the parser', async () => {
  for (const args of [
    [],
    [''],
    ['delegat', 'x'],
    ['constructor'],
    ['queue', 'lst'],
    ['queue list'],
    ['--help'],
    ['help', 'delegate'],
  ]) {
    expect(await plainRequest(args)).toBeUndefined();
  }
});
