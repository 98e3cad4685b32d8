import { basename, dirname } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cloneBeside,
  isTakenAway,
  isTemporary,
  mayBeBuilding,
  repositoryOfClone,
  takenBeside,
  temporaryBeside,
} from '../../../../src/adapters/store/temporary-name.ts';

const names = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);

describe('a temporary name', () => {
  test('lies beside its place, is hidden there, is never the same, and is told from the others', () => {
    fc.assert(
      fc.property(names, (name) => {
        const path = `/home/k/${name}`;
        for (const beside of [temporaryBeside, takenBeside, cloneBeside]) {
          expect(dirname(beside(path))).toBe('/home/k');
          expect(basename(beside(path)).startsWith(`.${name}.`)).toBe(true);
          expect(beside(path)).not.toBe(beside(path));
        }
        const [file, taken] = [basename(temporaryBeside(path)), basename(takenBeside(path))];
        expect([isTemporary(file), isTakenAway(file), mayBeBuilding(file)]).toEqual([true, false, true]);
        expect([isTemporary(taken), isTakenAway(taken), mayBeBuilding(taken)]).toEqual([false, true, false]);
        expect([isTemporary(name), isTakenAway(name), mayBeBuilding(name)]).toEqual([false, false, false]);
      }),
    );
  });

  test('of a clone says of which repository it is', () => {
    fc.assert(
      fc.property(names, (name) => {
        const clone = basename(cloneBeside(`/home/k/repos/${name}.git`));
        expect(repositoryOfClone(clone)).toBe(`${name}.git`);
        expect([isTemporary(clone), mayBeBuilding(clone)]).toEqual([false, true]);
        expect(repositoryOfClone(basename(temporaryBeside(`/home/k/repos/${name}.git`)))).toBeUndefined();
      }),
    );
  });
});
