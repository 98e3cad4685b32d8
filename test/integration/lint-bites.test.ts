import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const CONFIG = join(ROOT, '.oxlintrc.json');
const IMPORTS = 'no-restricted-imports';

interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, unknown>>;
}

interface Restrictions {
  readonly paths?: readonly (string | { readonly name: string; readonly importNames?: readonly string[] })[];
  readonly patterns: readonly { readonly group: readonly string[] }[];
}

/** One thing that must not be written in a folder. */
interface Forbidden {
  readonly folder: string;
  readonly code: string;
}

const CHANGES = ['mkdir', 'mkdtemp', 'chmod', 'chown', 'rename', 'rm', 'rmdir', 'unlink', 'writeFile', 'appendFile'];
const LINKS = ['symlink', 'link', 'copyFile', 'cp', 'truncate', 'utimes'];
const LIBRARIES = ['commander', 'chalk', 'cli-table3', 'execa', 'proper-lockfile', 'zod'];
const WORLD = ['node:fs', 'node:fs/promises', 'node:process', 'node:child_process', 'node:os'];
/**
 * The folders of domain, from the ground up: each imports from those in the lines before its own, and from no other. The
 * first line stands for the files of domain itself.
 */
const ORDER: readonly (readonly string[])[] = [
  [''],
  ['issues', 'agent-env', 'install'],
  ['settings', 'servers', 'notifications'],
  ['runs', 'worktrees'],
  ['sessions', 'queue'],
  ['work'],
  ['daemon', 'init', 'prune', 'rescued'],
  ['doctor'],
];
const all = (modules: readonly string[]): string[] => modules.map((name) => `import * as x from '${name}';\nx;`);

/** What the layers may not do, folder by folder; the text beside each import only uses it. */
const FORBIDDEN: readonly Forbidden[] = [
  ...each('src/util', all(['../adapters/x.ts', '../domain/x.ts', '../cli/x.ts', 'node:fs', 'node:path'])),
  ...each('src/adapters', all(['../domain/x.ts', '../cli/x.ts', 'zod'])),
  ...each(
    'src/adapters',
    [...CHANGES, ...LINKS, 'open'].map((name) => `import { ${name} } from 'node:fs/promises';\n${name};`),
  ),
  ...each(
    'src/adapters',
    [...[...CHANGES, ...LINKS].map((name) => `${name}Sync`), 'createWriteStream', 'promises'].map(
      (name) => `import { ${name} } from 'node:fs';\n${name};`,
    ),
  ),
  ...ORDER.flat().flatMap((folder) => each(inDomain(folder), all([...LIBRARIES, '../cli/x.ts', ...WORLD]))),
  ...ORDER.flatMap((line, index) => line.flatMap((folder) => each(inDomain(folder), imports(folder, index)))),
  ...each('src/cli', all(['execa', 'proper-lockfile', ...WORLD])),
  ...each('src/cli/views', all(['commander', 'execa', 'proper-lockfile', '../../adapters/x.ts', '../commands/x.ts'])),
  ...each('src/cli/views', all(['node:path'])),
  ...['src/domain', 'src/cli'].flatMap((folder) => each(folder, ['process.exit(1);', "console.log('x');"])),
  ...['src/util', 'src/domain', 'src/cli'].flatMap((folder) => each(folder, ['const x = 1 as unknown;\nx;'])),
];

function inDomain(folder: string): string {
  return folder === '' ? 'src/domain' : `src/domain/${folder}`;
}

/** What a folder of domain must not import: from the folders of its own line and of those after it, in each way there is. */
function imports(folder: string, line: number): string[] {
  const others = ORDER.slice(line)
    .flat()
    .filter((other) => other !== folder);
  return others
    .map((other) => (folder === '' ? `./${other}/x.ts` : `../${other}/x.ts`))
    .flatMap((path) => [
      ...all([path]),
      `import type { X } from '${path}';\nexport const x = (y: X) => y;`,
      `export const x = async () => import('${path}');`,
      `export { x } from '${path}';`,
    ]);
}

function each(folder: string, codes: readonly string[]): Forbidden[] {
  return codes.map((code) => ({ folder, code }));
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kugetsu-lint-'));
  writeFileSync(join(directory, '.oxlintrc.json'), readFileSync(CONFIG));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Writes a file into the directory that is linted. */
function write(name: string, code: string): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${code}\n`);
}

/** Lints the directory. @returns the names of the files in which one of these rules found something */
async function filesAgainst(rules: RegExp): Promise<Set<string>> {
  const printed = await new Promise<string>((resolve) => {
    execFile(join(ROOT, 'node_modules', '.bin', 'oxlint'), ['--format', 'json'], { cwd: directory }, (_error, out) => {
      resolve(out);
    });
  });
  const { diagnostics } = JSON.parse(printed) as {
    readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
  };
  return new Set(diagnostics.filter(({ code }) => rules.test(code)).map(({ filename }) => filename));
}

test('each import, global and cast that a layer must not have is refused', async () => {
  FORBIDDEN.forEach(({ folder, code }, index) => write(`${folder}/f${index}.ts`, code));
  const found = await filesAgainst(/restricted-(?:imports|globals)|no-console|type-assertions/);
  const missed = FORBIDDEN.filter(({ folder }, index) => !found.has(`${folder}/f${index}.ts`));
  expect(missed).toEqual([]);
});

test('files that import from each other are refused, if it is only their types', async () => {
  write('src/util/one.ts', "import type { Other } from './other.ts';\nexport type One = Other | 1;");
  write('src/util/other.ts', "import type { One } from './one.ts';\nexport type Other = One[];");
  expect([...(await filesAgainst(/no-cycle/))].toSorted()).toEqual(['src/util/one.ts', 'src/util/other.ts']);
});

test('every folder of domain has its place in the order, and ARCHITECTURE.md has the same one', () => {
  const domain = join(ROOT, 'src', 'domain');
  const folders = readdirSync(domain, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const [, ...lines] = ORDER;
  expect(folders.map(({ name }) => name).toSorted()).toEqual(lines.flat().toSorted());
  const [, text = ''] = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').split('## The order of domain\n');
  const rows = [...(text.split('\n## ')[0]?.matchAll(/^\| ((?:`[a-z-]+\/`(?:, )?)+) \|/gm) ?? [])];
  expect(rows.map(([, row = '']) => row.replaceAll(/[`/]/g, '').split(', '))).toEqual(lines);
});

test('no key of the configuration is there twice in one object: the second hides the first', () => {
  const twice: string[] = [];
  const text = readFileSync(CONFIG, 'utf8');
  // Each object, from the inside: what was looked through is taken out.
  for (let rest = text; rest.includes('{');) {
    const [object = ''] = /\{[^{}]*\}/.exec(rest) ?? [];
    if (object === '') throw new Error('the configuration has braces that do not close');
    const keys = [...object.matchAll(/"([^"]+)":/g)].map(([, key = '']) => key);
    twice.push(...keys.filter((key, index) => keys.indexOf(key) !== index));
    rest = rest.replace(object, 'null');
  }
  expect(twice).toEqual([]);
});

test('each restriction of the configuration is one that the table above plays', () => {
  const { overrides } = JSON.parse(readFileSync(CONFIG, 'utf8')) as { readonly overrides: readonly Override[] };
  for (const { files, rules } of overrides) {
    const rule = rules[IMPORTS];
    if (!Array.isArray(rule)) continue;
    for (const folder of files.map((glob) => glob.replace(/\/\*(?:\*|\.ts)$/, ''))) {
      requirePlayed(folder, rule[1] as Restrictions);
    }
  }
});

function requirePlayed(folder: string, { paths = [], patterns }: Restrictions): void {
  const played = FORBIDDEN.filter((one) => one.folder === folder).map(({ code }) => code);
  for (const path of paths) {
    const { name, importNames } = typeof path === 'string' ? { name: path, importNames: undefined } : path;
    for (const wanted of importNames ?? ['* as x']) {
      const code = played.find((text) => text.includes(`'${name}'`) && text.includes(` ${wanted} `));
      expect(code, `${folder}: ${wanted} of ${name}`).toBeDefined();
    }
  }
  for (const pattern of patterns.flatMap(({ group }) => group)) {
    const part = pattern.replaceAll('*', '');
    // Folders of one line have their pattern in common, and none imports itself by its name.
    if (folder.endsWith(part.replace(/\/$/, ''))) continue;
    expect(
      played.find((text) => text.includes(part)),
      `${folder}: ${pattern}`,
    ).toBeDefined();
  }
}
