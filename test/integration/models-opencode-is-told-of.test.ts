import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  givenCatalogue,
  withCatalogue,
  type GivenCatalogue,
} from '../../src/adapters/opencode/models/model-catalogue.ts';

// What a catalogue is trimmed to, with real files in every place in which opencode looks.

let root: string;
let env: Record<string, string | undefined>;
let plugins: boolean;

const at = (...parts: string[]): string => join(root, ...parts);
const project = (): string => at('work', 'project');
const cache = (): string => at('home', 'cache', 'models');
const program = (): string => at('opencode');
const source = (): string => at('user', '.cache', 'opencode', 'models.json');

function put(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function provider(id: string, variable: string): Record<string, unknown> {
  return { id, env: [variable], name: id, models: { [`${id}-1`]: { id: `${id}-1`, name: `The ${id}` } } };
}

const CATALOGUE = {
  groq: provider('groq', 'GROQ_API_KEY'),
  anthropic: provider('anthropic', 'ANTHROPIC_API_KEY'),
  opencode: provider('opencode', 'OPENCODE_API_KEY'),
  xai: provider('xai', 'XAI_API_KEY'),
};

async function given(
  more: { model?: string; wanted?: boolean; env?: Record<string, string> } = {},
): Promise<GivenCatalogue> {
  const options = { directory: cache(), wanted: async () => Promise.resolve(more.wanted ?? true) };
  return givenCatalogue(
    { program: program(), env: { ...env, ...more.env }, directory: project(), plugins, model: more.model },
    options,
  );
}

async function providers(...args: Parameters<typeof given>): Promise<readonly string[] | string> {
  const answer = await given(...args);
  return 'whole' in answer ? answer.whole : answer.providers;
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kugetsu-models-')));
  env = { HOME: at('user'), PATH: '/usr/bin:/bin' };
  plugins = true;
  mkdirSync(project(), { recursive: true });
  put('user/.cache/opencode/models.json', JSON.stringify(CATALOGUE));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

test('with nothing configured it has the free models alone, each as it was', async () => {
  const answer = await given();
  expect(answer).toMatchObject({ providers: ['opencode'], of: 4 });
  expect('path' in answer && JSON.parse(readFileSync(answer.path, 'utf8'))).toEqual({ opencode: CATALOGUE.opencode });
});

test.each([
  'user/.config/opencode/opencode.json',
  'user/.config/opencode/opencode.jsonc',
  'user/.config/opencode/config.json',
  'user/.config/opencode/config',
  'user/.opencode/opencode.json',
  'user/.local/state/opencode/model.json',
  'work/project/opencode.json',
  'work/project/.opencode/opencode.jsonc',
  'work/opencode.json',
  'work/.opencode/opencode.json',
])('%s names a provider', async (path) => {
  put(path, '{"model": "groq/groq-1"}');
  expect(await providers()).toEqual(['groq', 'opencode']);
});

test.each([
  'user/.config/opencode/agent/reviewer.md',
  'user/.config/opencode/agents/deep/in/reviewer.md',
  'user/.config/opencode/command/look.md',
  'user/.opencode/modes/careful.md',
  'work/project/.opencode/agent/reviewer.md',
])('%s names a model in its head', async (path) => {
  put(path, '---\ndescription: looks\nmodel: groq/groq-1\n---\nxai is not what this is about.\n');
  expect(await providers()).toEqual(['groq', 'opencode']);
});

describe('the environment', () => {
  test.each<[string, () => Record<string, string>]>([
    ['a key', () => ({ GROQ_API_KEY: 'secret' })],
    ['OPENCODE_CONFIG_CONTENT', () => ({ OPENCODE_CONFIG_CONTENT: '{"model":"groq/groq-1"}' })],
    ['OPENCODE_CONFIG', () => ({ OPENCODE_CONFIG: at('elsewhere.json') })],
    ['OPENCODE_CONFIG, from where opencode works', () => ({ OPENCODE_CONFIG: '../../elsewhere.json' })],
    ['OPENCODE_CONFIG_DIR', () => ({ OPENCODE_CONFIG_DIR: at('directory') })],
    ['XDG_CONFIG_HOME', () => ({ XDG_CONFIG_HOME: at('xdg') })],
    ['OPENCODE_AUTH_CONTENT', () => ({ OPENCODE_AUTH_CONTENT: '{"groq":{"type":"api","key":"secret"}}' })],
    ['XDG_DATA_HOME', () => ({ XDG_DATA_HOME: at('xdg-data') })],
  ])('names a provider: %s', async (_, variables) => {
    for (const path of ['elsewhere.json', 'directory/opencode.json', 'xdg/opencode/opencode.json'])
      put(path, '{"small_model":"groq/groq-1"}');
    put('xdg-data/opencode/auth.json', '{"groq":{"type":"oauth","access":"secret"}}');
    expect(await providers({ env: variables() })).toEqual(['groq', 'opencode']);
  });

  test('that switches the project’s configuration off makes it name nothing', async () => {
    put('work/project/opencode.json', '{"model": "groq/groq-1"}');
    expect(await providers({ env: { OPENCODE_DISABLE_PROJECT_CONFIG: '1' } })).toEqual(['opencode']);
  });

  test.each(['OPENCODE_MODELS_PATH', 'OPENCODE_MODELS_URL'])('of a user who sets %s keeps it', async (name) => {
    expect(await given({ env: { [name]: '/their/own' } })).toEqual({ whole: `${name} is set` });
  });

  test('of an agent that kugetsu started is not taken for the user’s', async () => {
    const options = { directory: cache(), wanted: async () => Promise.resolve(true) };
    const outer = await withCatalogue({ program: program(), env, directory: project(), plugins }, options);
    expect(outer['OPENCODE_MODELS_PATH']).toMatch(/kugetsu-/);
    const inner = await withCatalogue(
      { program: program(), env: { ...outer, GROQ_API_KEY: 'k' }, directory: project(), plugins },
      options,
    );
    expect(inner['OPENCODE_MODELS_PATH']).not.toBe(outer['OPENCODE_MODELS_PATH']);
    expect(JSON.parse(readFileSync(inner['OPENCODE_MODELS_PATH'] ?? '', 'utf8'))).toHaveProperty('groq');
    const unwanted = { ...options, wanted: async () => Promise.resolve(false) };
    expect(
      (await withCatalogue({ program: program(), env: outer, directory: project(), plugins }, unwanted))[
        'OPENCODE_MODELS_PATH'
      ],
    ).toBe(undefined);
  });
});

test('a login names its provider, and no secret of it is kept', async () => {
  put('user/.local/share/opencode/auth.json', '{"groq":{"type":"api","key":"s3cr3t-key"}}');
  put('user/.config/opencode/opencode.json', '{"provider":{"xai":{"options":{"apiKey":"s3cr3t-config"}}}}');
  expect(await providers()).toEqual(['groq', 'opencode', 'xai']);
  for (const name of readdirSync(cache())) expect(readFileSync(join(cache(), name), 'utf8')).not.toContain('s3cr3t');
  for (const name of readdirSync(cache())) expect(statSync(join(cache(), name)).mode & 0o777).toBe(0o600);
});

test('what a configuration takes from a variable or another file counts', async () => {
  put('user/.config/opencode/opencode.json', '{"model":"{env:WHOSE}/groq-1","small_model":"{file:./small}"}');
  put('user/.config/opencode/small', 'anthropic/anthropic-1\n');
  expect(await providers({ env: { WHOSE: 'groq' } })).toEqual(['groq', 'anthropic', 'opencode']);
});

test('an opencode that has fetched no catalogue has one in its program', async () => {
  const literal = JSON.stringify(CATALOGUE).replaceAll(/"(\w+)":/g, '$1:');
  const before = `${'x'.repeat(9_000_000)}fetch(\`/api.json\`)`;
  put('opencode', `${before};var a=n.sync(()=>(${literal})),b=n.fn(()=>({c:1})),d`);
  rmSync(source());
  const answer = await given({ env: { GROQ_API_KEY: 'k' } });
  expect(answer).toMatchObject({ providers: ['groq', 'opencode'], of: 4 });
  expect('path' in answer && JSON.parse(readFileSync(answer.path, 'utf8'))).toEqual({
    groq: CATALOGUE.groq,
    opencode: CATALOGUE.opencode,
  });
  put('opencode', `${before} and no catalogue behind it`);
  expect(await providers()).toMatch(/none/);
});

test('a model that was asked for names its provider', async () => {
  expect(await providers({ model: 'anthropic/anthropic-1' })).toEqual(['anthropic', 'opencode']);
});

describe('the whole catalogue is given', () => {
  test('when the setting says so', async () => {
    expect(await providers({ wanted: false })).toMatch(/MODEL_CATALOGUE/);
  });

  test('when opencode has none that is understood', async () => {
    const text = readFileSync(source(), 'utf8');
    for (const damaged of [text.slice(0, 200), '', '{}', '[1]', '{"groq":{"id":"other","models":{}}}']) {
      writeFileSync(source(), damaged);
      expect(await providers()).toMatch(/none/);
    }
    rmSync(source());
    expect(await providers()).toMatch(/none/);
  });

  test.each([
    ['user/.config/opencode/opencode.json', '{"plugin": ["some-plugin"]}'],
    ['user/.config/opencode/opencode.json', String.raw`{"p\u006cugin": ["some-plugin"]}`],
    ['user/.config/opencode/plugin/own.ts', ''],
    ['user/.opencode/plugins/own.js', ''],
    ['work/project/.opencode/plugin/own.ts', ''],
  ])('when there are plugins that run (%s), and not when they do not run', async (path, text) => {
    put(path, text);
    expect(await providers()).toMatch(/plugins/);
    expect(await providers({ env: { OPENCODE_PURE: '1' } })).toEqual(['opencode']);
    plugins = false;
    expect(await providers()).toEqual(['opencode']);
  });

  test('but an empty list of plugins is none', async () => {
    put('user/.config/opencode/opencode.json', '{"plugin": [ ]}');
    expect(await providers()).toEqual(['opencode']);
  });

  test('when a login brings configuration from a server', async () => {
    put('user/.local/share/opencode/auth.json', '{"https://corp.example":{"type":"wellknown","key":"K","token":"t"}}');
    expect(await providers()).toMatch(/server/);
  });

  test('when the logins cannot be read', async () => {
    put('user/.local/share/opencode/auth.json', '{"groq":');
    expect(await given()).toHaveProperty('whole');
  });

  test('when a model is named that the catalogue does not have', async () => {
    expect(await providers({ model: 'groq/groq-2' })).toMatch(/groq\/groq-2/);
    expect(await providers({ model: 'grok/groq-1' })).toMatch(/grok\/groq-1/);
  });

  test('when a configuration is no file, and nobody waits for one', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$0"', at('work/project/opencode.json')]);
    expect(await providers()).toMatch(/no file/);
  });

  test('when the database is none that is understood', async () => {
    put('user/.local/share/opencode/opencode.db', 'SQLite format 3\0 and nothing behind it');
    expect(await given()).toHaveProperty('whole');
  });

  test('when nothing can be written', async () => {
    put('home/cache', 'a file where the directory should be');
    expect(await given()).toHaveProperty('whole');
  });
});

describe('a trimmed catalogue', () => {
  const path = async (...args: Parameters<typeof given>): Promise<string> => {
    const answer = await given(...args);
    if ('whole' in answer) throw new Error(answer.whole);
    return answer.path;
  };

  test('is made once, and again when opencode has fetched another', async () => {
    const first = await path();
    const { ino } = statSync(first);
    expect(await path()).toBe(first);
    expect(statSync(first).ino).toBe(ino);
    const newer = { ...CATALOGUE, opencode: { ...CATALOGUE.opencode, models: { 'new-1': { id: 'new-1' } } } };
    writeFileSync(source(), JSON.stringify(newer));
    const second = await path();
    expect(JSON.parse(readFileSync(second, 'utf8'))).toEqual({ opencode: newer.opencode });
    // An opencode that is at work reads its own once more.
    expect(statSync(first).isFile()).toBe(true);
  });

  test('stays the same file while nothing of it changes', async () => {
    const first = await path();
    writeFileSync(source(), JSON.stringify({ ...CATALOGUE, new: provider('new', 'NEW_API_KEY') }));
    expect(await path()).toBe(first);
  });

  test.each([
    ['cut off', (text: string) => text.slice(0, 20)],
    ['emptied', () => ''],
    ['changed', (text: string) => text.replace('opencode-1', 'opencode-2')],
  ])('that was %s is made anew', async (_, damage) => {
    const made = await path();
    const text = readFileSync(made, 'utf8');
    writeFileSync(made, damage(text));
    expect(await path()).toBe(made);
    expect(readFileSync(made, 'utf8')).toBe(text);
  });

  test('is made anew when the index is damaged or of another shape', async () => {
    const made = await path();
    for (const damaged of ['', '{', '[]', '{"source":1}']) {
      writeFileSync(join(cache(), 'index.json'), damaged);
      expect(await path()).toBe(made);
    }
  });

  test('is whole whoever reads it while many make it', async () => {
    const keys = ['GROQ_API_KEY', 'XAI_API_KEY', 'ANTHROPIC_API_KEY'];
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => given({ env: { [keys[n % 3] ?? '']: 'k' } })),
    );
    for (const answer of answers) {
      if ('whole' in answer) throw new Error(answer.whole);
      expect(Object.keys(JSON.parse(readFileSync(answer.path, 'utf8')) as object)).toEqual(answer.providers);
    }
    expect(readdirSync(cache()).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('goes when none has used it for a week, and what is used stays', async () => {
    const [old, used] = [await path({ env: { XAI_API_KEY: 'k' } }), await path({ env: { GROQ_API_KEY: 'k' } })];
    const longAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000);
    for (const file of [old, used]) utimesSync(file, longAgo, longAgo);
    await path({ env: { GROQ_API_KEY: 'k' } });
    await path({ env: { ANTHROPIC_API_KEY: 'k' } });
    expect(() => statSync(old)).toThrow(/ENOENT/);
    expect(statSync(used).isFile()).toBe(true);
  });
});
