import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const DOMAIN = join(ROOT, 'src', 'domain');

/** The folders of domain that the files of each one import from, by name. */
function importedFolders(): Map<string, Set<string>> {
  const imported = new Map<string, Set<string>>();
  for (const name of readdirSync(DOMAIN, { recursive: true, encoding: 'utf8' })) {
    const [folder = '', file] = name.split('/');
    if (file === undefined || !name.endsWith('.ts')) continue;
    const known = imported.get(folder) ?? new Set();
    imported.set(folder, known);
    for (const [, from, later] of readFileSync(join(DOMAIN, name), 'utf8').matchAll(
      /\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)/g,
    )) {
      const path = posix.join(posix.dirname(name), from ?? later ?? '');
      const [other = '', deeper] = path.split('/');
      if (other !== '..' && deeper !== undefined && other !== folder) known.add(other);
    }
  }
  return imported;
}

/** Whether one folder leads to another one in any number of steps. */
function leadsTo(imported: Map<string, Set<string>>, from: string, to: string): boolean {
  return [...(imported.get(from) ?? [])].some((next) => next === to || leadsTo(imported, next, to));
}

test('docs/decisions.md shows which folders import which', () => {
  const imported = importedFolders();
  const arrows = [...imported].flatMap(([folder, others]) =>
    [...others]
      .filter((other) => ![...others].some((between) => leadsTo(imported, between, other)))
      .map((other) => `${folder} --> ${other}`),
  );
  const [, picture = ''] = readFileSync(join(ROOT, 'docs', 'decisions.md'), 'utf8').split('flowchart TD\n');
  const drawn = [...picture.matchAll(/^ {2}(.+) --> (.+)$/gm)].flatMap(([, from = '', to = '']) =>
    from.split(' & ').flatMap((each) => to.split(' & ').map((other) => `${each} --> ${other}`)),
  );
  expect(drawn.toSorted()).toEqual(arrows.toSorted());
});
