import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SETTING_DESCRIPTIONS } from '../../src/domain/setting-descriptions.ts';
import { BINARY, run } from '../support/world.ts';

/** What people and agents read. */
const DOCUMENTS = [
  'README.md',
  'SKILL.md',
  'docs/reference.md',
  'docs/kugetsu-setup.md',
  'docs/coming-from-the-bash-script.md',
  'docs/web.md',
];
const ROOT = join(import.meta.dirname, '..', '..');
/** Commands that have commands of their own. */
const GROUPS = ['queue-daemon', 'queue', 'notify', 'config', 'server', 'repo', 'env', 'skill', 'completion'];
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** Words that follow `kugetsu` in a document, as far as they can be a command. */
function commandsIn(text: string): string[] {
  const found = [...text.matchAll(/(?:^|[`\s(])kugetsu ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)/gm)].map(
    ([, words = '']) => words,
  );
  const table = [...text.matchAll(/^\| `([a-z][a-z-]*(?: [a-z][a-z-]*)?)[ `]/gm)].map(([, words = '']) => words);
  return [...new Set([...found, ...table])];
}

async function help(...args: readonly string[]): Promise<string> {
  const { stdout } = await run([...BINARY, ...args, '--help'], {
    cwd: ROOT,
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent' },
  });
  return stdout;
}

/** The names of the commands that a help text lists. */
function listed(text: string): string[] {
  // The commands of the program stand under several headings.
  const sections = text
    .split(/^(?=\S)/m)
    .filter((section) => /^(?:Work|Look|Set up|Clean up|Commands):$/m.test(section));
  return [...sections.join('').matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
}

describe('the documents', () => {
  test('every path that ARCHITECTURE.md, CONTRIBUTING.md and docs/decisions.md name exists', () => {
    const text = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/decisions.md'].map(read).join('\n');
    const paths = [...text.matchAll(/`((?:src|bin|test|scripts|docs)\/[^`\s]*)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test.each([...DOCUMENTS, 'src/domain/daemon/instructions.md'])('every command in %s is in the help', async (name) => {
    const top = listed(await help());
    const known = new Set(top);
    for (const command of GROUPS) {
      for (const sub of listed(await help(command))) known.add(`${command} ${sub}`);
    }
    const groups = new Set(GROUPS);
    // Prose goes on after the name of the program; a first word that is no command is prose only outside of code.
    const unknown = commandsIn(code(read(name)))
      .map((words) => words.split(' '))
      .map(([first = '', second]) => (groups.has(first) && second !== undefined ? `${first} ${second}` : first))
      .filter((command) => !known.has(command));
    expect(unknown).toEqual([]);
  });

  test("every option in a command line of them is in that command's help", async () => {
    const lines = DOCUMENTS.flatMap((name) => code(read(name)).split('\n'));
    const wrong: string[] = [];
    let seen = 0;
    for (const line of lines) {
      const [, words = '', rest = ''] =
        new RegExp(`kugetsu ((?:${GROUPS.join('|')}) [a-z]+|[a-z][a-z-]*)(.*)$`).exec(line) ?? [];
      const options = rest.split(/ [#|] /)[0]?.match(/(?<=\s)--[a-z-]+/g) ?? [];
      const text = options.length === 0 ? '' : await help(...words.split(' '));
      seen += options.length;
      wrong.push(...options.filter((option) => !text.includes(option)).map((option) => `${words} ${option}`));
    }
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(20);
  });

  test('every script and option of one that they name is there, and what the Dockerfile copies is built', async () => {
    const text = DOCUMENTS.map(read).join('\n');
    const uses = [...text.matchAll(/([a-z]+-(?:setup|install)\.sh)((?: [^\n`#]*)?)/g)];
    expect(uses.length).toBeGreaterThan(5);
    expect(uses.filter(([, , rest]) => / --[a-z]/.test(rest ?? '')).length).toBeGreaterThan(0);
    for (const [, name = '', rest = ''] of uses) {
      const { stdout } = await run(['bash', join(ROOT, 'scripts', name), '--help'], {
        cwd: ROOT,
        env: { PATH: '/usr/bin:/bin' },
      });
      expect(stdout).toContain(`Usage: ${name}`);
      for (const option of rest.match(/(?<=\s)--[a-z-]+/g) ?? []) expect(stdout).toContain(option);
    }
    const copied = [...text.matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    expect(copied.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect(copied).toContain('dist/kugetsu');
  });

  test('every npm script that README.md and CONTRIBUTING.md name is in package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const text = `${read('README.md')}\n${read('CONTRIBUTING.md')}`;
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z0-9:-]*)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('every setting is in docs/reference.md with its default', () => {
    const reference = read('docs/reference.md');
    const missing = SETTING_DESCRIPTIONS.filter(
      ({ key, fallback }) => !reference.includes(`| \`${key}\` | \`${fallback}\` |`),
    );
    expect(missing).toEqual([]);
  });

  test('every command is in the table of docs/reference.md, and its first word in that of README.md', async () => {
    const readme = inTable(read('README.md'));
    const reference = inTable(read('docs/reference.md'));
    const top = listed(await help()).filter((name) => name !== 'help');
    const all: string[] = [];
    for (const name of top) {
      const subs = GROUPS.includes(name) ? listed(await help(name)).filter((sub) => sub !== 'help') : [];
      all.push(...(subs.length === 0 ? [name] : subs.map((sub) => `${name} ${sub}`)));
    }
    expect(all.length).toBeGreaterThan(50);
    const has = (rows: readonly string[], name: string): boolean =>
      rows.some((row) => `${row} `.startsWith(`${name} `));
    expect(all.filter((name) => !has(reference, name))).toEqual([]);
    expect(top.filter((name) => !has(readme, name))).toEqual([]);
  });

  test('every link from one document to another leads to a heading or a file', () => {
    const names = [...readdirSync(ROOT), ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)];
    const documents = names.filter((name) => name.endsWith('.md'));
    const links = documents.flatMap((name) =>
      [...prose(name).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => ({ name, link })),
    );
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ name, link }) => !leads(name, link))).toEqual([]);
  });
});

/** What stands in code at the beginning of the rows of a document's tables: `a b`, and `a c`, too, where `a b \| c` is written. */
function inTable(text: string): string[] {
  const cells = [...text.matchAll(/^\| (`(?:[^|\n]|(?<=\\)\|)*`)/gm)].map(([, cell = '']) => cell);
  const rows = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words));
  return rows.flatMap((row) => {
    const [first = '', ...others] = row.split(String.raw` \| `);
    return [first, ...others.map((other) => `${first.split(' ')[0]} ${other}`)];
  });
}

/** A document without its fenced blocks. */
const prose = (name: string): string => read(name).replaceAll(/^```[^]*?^```/gm, '');

/** Whether a relative link of a document leads to a file that is there and, with `#`, to a heading of it. */
function leads(from: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const to = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(ROOT, to))) return false;
  const headings = [...prose(to).matchAll(/^#+ (.*)$/gm)].map(([, words = '']) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
  return heading === undefined || headings.includes(heading);
}

/** The code of a document: fenced blocks, inline code and the command tables. */
function code(text: string): string {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, part = '']) => part);
  const lines = [...blocks, ...inline].flatMap((part) => part.split('\n'));
  // To these programs kugetsu is a name: of a container, or of a user.
  return lines.filter((line) => !/^(?:docker|podman|incus|bash|sudo) /.test(line)).join('\n');
}
