import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
];
const ROOT = join(import.meta.dirname, '..', '..');
/** Commands that have commands of their own. */
const GROUPS = ['queue-daemon', 'queue', 'notify', 'config', 'server', 'env', 'skill', 'completion'];
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

  test('every setting is in README.md with its default', () => {
    const readme = read('README.md');
    const missing = SETTING_DESCRIPTIONS.filter(
      ({ key, fallback }) => !readme.includes(`| \`${key}\` | \`${fallback}\` |`),
    );
    expect(missing).toEqual([]);
  });
});

/** The code of a document: fenced blocks, inline code and the command tables. */
function code(text: string): string {
  const blocks = [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, part = '']) => part);
  const lines = [...blocks, ...inline].flatMap((part) => part.split('\n'));
  // To these programs kugetsu is a name: of a container, or of a user.
  return lines.filter((line) => !/^(?:docker|podman|incus|bash|sudo) /.test(line)).join('\n');
}
