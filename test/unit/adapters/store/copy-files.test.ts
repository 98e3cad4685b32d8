import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyFiles, type LeftOut } from '../../../../src/adapters/store/copy-files.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kugetsu-copy-')));
  for (const name of ['from', 'to', 'outside']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'outside', 'secret'), 'not yours');
});
afterEach(() => rmSync(root, { recursive: true }));

const from = (path: string): string => join(root, 'from', path);
const to = (path: string): string => join(root, 'to', path);

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function copied(
  paths: readonly string[],
  {
    onFile = async () => undefined,
    signal = new AbortController().signal,
  }: { onFile?: () => Promise<void>; signal?: AbortSignal } = {},
): Promise<{ readonly count: number; readonly left: Record<string, LeftOut> }> {
  const left: Record<string, LeftOut> = {};
  const options = { from: join(root, 'from'), to: join(root, 'to'), paths, signal, onFile };
  const count = await copyFiles({ ...options, onLeftOut: (path, why) => void (left[path] = why) });
  return { count, left };
}

test('files are copied with their modes and times, into directories with theirs', async () => {
  put(from('a/b/run.sh'), 'x');
  chmodSync(from('a/b/run.sh'), 0o750);
  chmodSync(from('a/b'), 0o710);
  utimesSync(from('a/b/run.sh'), 1_000_000, 2_000_000);
  put(from('.env'), 'KEY=1');
  chmodSync(from('.env'), 0o400);
  expect(await copied(['a/b/run.sh', '.env'])).toEqual({ count: 2, left: {} });
  expect(statSync(to('a/b/run.sh'))).toMatchObject({ mtimeMs: 2_000_000_000 });
  expect([to('a/b/run.sh'), to('a/b'), to('.env')].map((path) => statSync(path).mode & 0o777)).toEqual([
    0o750, 0o710, 0o400,
  ]);
  expect(readFileSync(to('.env'), 'utf8')).toBe('KEY=1');
});

test('what is there already, what is no file, and what leads nowhere, is left out', async () => {
  put(from('there'), 'new');
  put(to('there'), 'old');
  execFileSync('sh', ['-c', 'mkfifo "$0"', from('pipe')]);
  symlinkSync('nothing', from('dead'));
  const { count, left } = await copied(['there', 'pipe', 'dead', 'gone', '../outside/secret', '/etc/passwd', 'a//b']);
  expect({ count, left }).toEqual({
    count: 0,
    left: { there: 'there', pipe: 'special', dead: 'leads out', gone: 'unreadable' },
  });
  expect(readFileSync(to('there'), 'utf8')).toBe('old');
});

describe('a link', () => {
  test('to something inside is one in the copy, relative', async () => {
    put(from('a/file'), 'x');
    symlinkSync('../a/file', from('a/relative'));
    symlinkSync(from('a/file'), from('a/absolute'));
    symlinkSync(from('a'), from('directory'));
    expect((await copied(['a/file', 'a/relative', 'a/absolute', 'directory'])).left).toEqual({});
    expect(['a/relative', 'a/absolute', 'directory'].map((path) => readlinkSync(to(path)))).toEqual([
      '../a/file',
      'file',
      'a',
    ]);
  });

  test.each([
    ['absolute', () => join(root, 'outside', 'secret')],
    ['relative', () => '../outside/secret'],
    ['through another one', () => 'way/secret'],
    ['up behind another one', () => 'deep/../../outside/secret'],
  ])('that leads out is none: %s', async (_name, target) => {
    symlinkSync(join(root, 'outside'), from('way'));
    mkdirSync(from('x/y'), { recursive: true });
    symlinkSync('x/y', from('deep'));
    symlinkSync(target(), from('link'));
    const { left } = await copied(['link', 'way']);
    expect(left).toEqual({ link: 'leads out', way: 'leads out' });
    expect(existsSync(to('link'))).toBe(false);
  });
});

test('a link that is put in the place of a directory or a file after they were listed is not followed', async () => {
  put(from('dir/secret'), 'mine');
  put(from('file'), 'mine');
  rmSync(from('dir'), { recursive: true });
  rmSync(from('file'));
  symlinkSync(join(root, 'outside'), from('dir'));
  symlinkSync(join(root, 'outside', 'secret'), from('file'));
  expect((await copied(['dir/secret', 'file'])).left).toEqual({ dir: 'leads out', file: 'leads out' });
  expect(existsSync(to('dir/secret'))).toBe(false);
});

test('nor one that is put there while they are copied: what was opened is what is copied', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `dir/sub/secret${index}`);
  for (const name of names) {
    put(from(name), 'mine');
    put(join(root, 'outside', 'sub', name.slice('dir/sub/'.length)), 'not yours');
  }
  let swapped = false;
  const onFile = async (): Promise<void> => {
    if (swapped) return;
    swapped = true;
    renameSync(from('dir'), from('moved'));
    symlinkSync(join(root, 'outside'), from('dir'));
  };
  const { count } = await copied(names, { onFile });
  expect(count).toBe(200);
  for (const name of names) expect(readFileSync(to(name), 'utf8')).toBe('mine');
});

test('nothing is written through a link on the other side', async () => {
  put(from('dir/file'), 'mine');
  symlinkSync(join(root, 'outside'), to('dir'));
  put(from('file'), 'mine');
  symlinkSync(join(root, 'outside', 'new'), to('file'));
  expect((await copied(['dir/file', 'file'])).left).toEqual({ dir: 'there', file: 'there' });
  expect([existsSync(join(root, 'outside', 'file')), existsSync(join(root, 'outside', 'new'))]).toEqual([false, false]);
});

test('it stops when it is to', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `file${index}`);
  for (const name of names) put(from(name), 'x');
  const stop = new AbortController();
  const onFile = async (): Promise<void> => stop.abort(new Error('stopped'));
  await expect(copied(names, { onFile, signal: stop.signal })).rejects.toThrow('stopped');
  expect(existsSync(to('file49'))).toBe(false);
});
