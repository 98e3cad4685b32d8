import { execFile } from 'node:child_process';
import * as blocking from 'node:fs';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as promises from 'node:fs/promises';
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
  readonly paths?: readonly (string | { readonly name: string; readonly allowImportNames?: readonly string[] })[];
  readonly patterns?: readonly { readonly group: readonly string[] }[];
}

/** One thing that must not be written in a folder. */
interface Forbidden {
  readonly folder: string;
  readonly code: string;
}

/** What of Node's file system changes nothing. Whatever else a Node has, a new one too, belongs into the seam of changes. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  'node:fs': words(
    'closeSync constants createReadStream existsSync fstatSync lstatSync readFileSync readdirSync readlinkSync realpathSync',
    'statSync watch FSWatcher Stats',
  ),
  'node:fs/promises': words('access constants lstat readFile readdir readlink realpath stat statfs FileHandle'),
};
/** The seam, and the file that writes to open terminals: what each may take of Node's file system. */
const SEAM: Readonly<Record<string, 'all' | readonly string[]>> = {
  'src/adapters/store/changes.ts': 'all',
  'src/adapters/store/copy-files.ts': 'all',
  'src/adapters/store/lock.ts': 'all',
  'src/adapters/store/open-to-read.ts': 'all',
  'src/adapters/write-fully.ts': ['writeSync'],
};
const LIBRARIES = ['commander', 'chalk', 'cli-table3', 'execa', 'proper-lockfile', 'zod'];
const FILES = ['node:fs', 'node:fs/promises'];
/** The names of before `node:`, which mean the same. */
const BARE = ['fs', 'fs/promises', 'process', 'child_process', 'os'];
const OTHERS = words('process child_process os net http readline module worker_threads dns/promises');
const WORLD = [...FILES, ...OTHERS.map((name) => `node:${name}`)];
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
  ['fleet'],
  ['daemon', 'init', 'prune', 'rescued'],
  ['overview'],
  ['doctor'],
];
/** Ways to a module that no rule about imports sees. */
const UNSEEN = ["const x = require('node:fs');\nx;", "process.getBuiltinModule('node:fs');"];
const all = (modules: readonly string[]): string[] => modules.map((name) => `import * as x from '${name}';\nx;`);

/** What the layers may not do, folder by folder; the text beside each import only uses it. */
const FORBIDDEN: readonly Forbidden[] = [
  ...each('src/util', all(['../adapters/x.ts', '../domain/x.ts', '../cli/x.ts', 'node:path', ...WORLD, ...BARE])),
  ...each('src/adapters', all(['../domain/x.ts', '../cli/x.ts', 'zod'])),
  ...each('src/adapters', [...FILES.flatMap(ofChanges), ...all(['node:module'])]),
  ...each('src/adapters', all(BARE)),
  ...each('src/adapters', ["export const x = async () => import('fs');", "export { readFile } from 'fs/promises';"]),
  ...['src', 'bin'].flatMap((folder) => each(folder, all([...FILES, ...BARE, 'node:module']))),
  ...['src', 'bin', 'src/util', 'src/adapters', 'src/domain', 'src/cli'].flatMap((folder) => each(folder, UNSEEN)),
  ...ORDER.flat().flatMap((folder) => each(inDomain(folder), all([...LIBRARIES, '../cli/x.ts', ...WORLD, ...BARE]))),
  ...ORDER.flatMap((line, index) => line.flatMap((folder) => each(inDomain(folder), imports(folder, index)))),
  ...['src/domain/runs', 'src/domain/worktrees', 'src/domain/work'].flatMap((folder) =>
    each(folder, all(['../../adapters/opencode/x.ts'])),
  ),
  ...each('src/cli', all(['execa', 'proper-lockfile', ...WORLD, ...BARE])),
  ...each('src/cli/views', all(['commander', 'execa', 'proper-lockfile', '../../adapters/x.ts', '../commands/x.ts'])),
  ...each('src/cli/views', all(['node:path', 'node:fs/promises', ...BARE])),
  ...['src/domain', 'src/cli'].flatMap((folder) => each(folder, ['process.exit(1);', "console.log('x');"])),
  ...['src/util', 'src/domain', 'src/cli'].flatMap((folder) => each(folder, ['const x = 1 as unknown;\nx;'])),
];

function words(...lines: readonly string[]): string[] {
  return lines.join(' ').split(' ');
}

/** Each way to take what changes something from a module of Node's. */
function ofChanges(module: string): string[] {
  const readers = READERS[module] ?? [];
  const [reader = ''] = readers;
  return [
    ...changesOf(module).map((name) => `import { ${name} } from '${module}';\n${name};`),
    ...all([module]),
    `import x from '${module}';\nx;`,
    `import '${module}';`,
    `export * from '${module}';`,
    `export { open } from '${module}';`,
    `import { open as ${reader} } from '${module}';\n${reader};`,
  ];
}

/** What this Node's module has, but for what only reads. */
function changesOf(module: string): string[] {
  const exported = Object.keys(module === 'node:fs' ? blocking : promises).filter((name) => name !== 'default');
  return exported.filter((name) => READERS[module]?.includes(name) !== true);
}

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

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

/** Lints the directory. @returns the names of the files in which one of these rules found something */
async function filesAgainst(rules: RegExp): Promise<Set<string>> {
  return new Set((await lint(rules)).map(({ filename }) => filename));
}

/** Lints the directory. @returns what these rules found */
async function lint(rules: RegExp): Promise<readonly Diagnostic[]> {
  const printed = await new Promise<string>((resolve) => {
    execFile(join(ROOT, 'node_modules', '.bin', 'oxlint'), ['--format', 'json'], { cwd: directory }, (_error, out) => {
      resolve(out);
    });
  });
  const { diagnostics } = JSON.parse(printed) as { readonly diagnostics: readonly Diagnostic[] };
  return diagnostics.filter(({ code }) => rules.test(code));
}

test('each import, global and cast that a layer must not have is refused', async () => {
  FORBIDDEN.forEach(({ folder, code }, index) => write(`${folder}/f${index}.ts`, code));
  const found = await filesAgainst(
    /restricted-(?:imports|globals|properties)|no-require-imports|prefer-node-protocol|no-console|type-assertions/,
  );
  const missed = FORBIDDEN.filter(({ folder }, index) => !found.has(`${folder}/f${index}.ts`));
  expect(missed).toEqual([]);
});

test('a file of the seam takes its part of the file system, and is bound by all else', async () => {
  const names = changesOf('node:fs');
  const changes = names.map((name, index) => `export { ${name} as x${index} } from 'node:fs';`);
  const never = ['fs', 'fs/promises', 'node:module', 'zod', '../../domain/x.ts', '../../cli/x.ts'];
  const lines = [...changes, ...never.map((name) => `import '${name}';`)];
  for (const path of Object.keys(SEAM)) write(path, lines.join('\n'));
  const diagnostics = await lint(/restricted-imports/);
  for (const [path, may] of Object.entries(SEAM)) {
    const found = diagnostics.filter(({ filename }) => filename === path);
    const refused = new Set(found.flatMap(({ labels }) => labels.map(({ span }) => lines[span.line - 1])));
    const allowed = changes.filter((_, index) => may === 'all' || may.includes(names[index] ?? ''));
    expect(allowed).not.toEqual([]);
    expect(
      lines.filter((line) => !refused.has(line)),
      path,
    ).toEqual(allowed);
  }
});

/** Ways to load a module that lint sees and does not judge: it does not know what is taken of it, or which one it is. */
const LOADED_LATER = /\bimport\(\s*(?:(['"`])(?:node:)?fs(?:\/promises)?\1|[^\s'"])/;

test("no file loads Node's file system, or it is not clear what, while it runs", () => {
  for (const line of ["await import('node:fs/promises')", 'import(name)']) expect(line).toMatch(LOADED_LATER);
  expect("import('node:os')").not.toMatch(LOADED_LATER);
  const files = ['src', 'bin'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const sources = files.filter((name) => name.endsWith('.ts'));
  expect(sources).toContain('src/adapters/store/changes.ts');
  expect(sources.filter((name) => LOADED_LATER.test(readFileSync(join(ROOT, name), 'utf8')))).toEqual([]);
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
      if (folder.endsWith('.ts')) expect(Object.keys(SEAM)).toContain(folder);
      else requirePlayed(folder, rule[1] as Restrictions);
    }
  }
});

function requirePlayed(folder: string, { paths = [], patterns = [] }: Restrictions): void {
  const played = FORBIDDEN.filter((one) => one.folder === folder).map(({ code }) => code);
  for (const path of paths) {
    const { name, allowImportNames } = typeof path === 'string' ? { name: path, allowImportNames: undefined } : path;
    if (allowImportNames !== undefined) expect(allowImportNames, name).toEqual(READERS[name]);
    const code = played.find((text) => text.includes(`'${name}'`) && text.includes(' * as x '));
    expect(code, `${folder}: ${name}`).toBeDefined();
  }
  for (const pattern of patterns.flatMap(({ group }) => group)) {
    if (pattern.startsWith('!')) continue;
    const part = pattern.replaceAll('**', '');
    const like = new RegExp(part.replaceAll('*', "[^/']+"));
    // Folders of one line have their pattern in common, and none imports itself by its name.
    if (folder.endsWith(part.replace(/\/$/, ''))) continue;
    expect(
      played.find((text) => like.test(text)),
      `${folder}: ${pattern}`,
    ).toBeDefined();
  }
}
