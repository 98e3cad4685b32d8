import { expect, test } from 'vitest';
import { progressIn, withoutProgress } from '../../../../src/adapters/git/clone-bare.ts';

// As git 2.51 writes it.
const SAID = [
  "Cloning into '/x/clone'...\n",
  'remote: Enumerating objects: 12, done.        \n',
  'remote: Counting objects:  50% (6/12)        \rremote: Counting objects: 100% (12/12), done.        \n',
  'Receiving objects:   8% (1/12)\rReceiving objects:  45% (6/12), 12.30 MiB | 4.10 MiB/s\r',
].join('');

test('of what git has written the last line that says how far it is counts', () => {
  expect(progressIn(SAID)).toBe('Receiving objects: 45% (6/12), 12.30 MiB | 4.10 MiB/s');
  expect(progressIn("Cloning into '/x/clone'...\n")).toBeUndefined();
  expect(progressIn('')).toBeUndefined();
});

test('why git failed is what is left without these lines', () => {
  const failed = `${SAID}\nfatal: the remote end hung up\nerror: Receiving failed\n`;
  expect(withoutProgress(failed)).toBe(
    "Cloning into '/x/clone'...\nfatal: the remote end hung up\nerror: Receiving failed\n",
  );
});
