// Slow: the real opencode lists its models for each configuration, a process each.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withCatalogue } from '../../src/adapters/opencode/models/model-catalogue.ts';
import { realCatalogue } from '../support/real-catalogue.ts';
import { startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';
import { makeWorld, REAL_OPENCODE, run, type World } from '../support/world.ts';

// That nobody misses a model only the real opencode shows: it lists those that it can use, with the whole catalogue and with the
// trimmed one. Both at once, as each takes some seconds.

let world: World;
let model: ScriptedModel;

beforeAll(async () => {
  model = await startScriptedModel();
  world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port });
});

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
  await model.close();
});

const options = () => ({ directory: join(world.home, 'cache', 'models'), wanted: async () => Promise.resolve(true) });

interface Listed {
  readonly lines: string;
  /** How many providers opencode was given; undefined for all. */
  readonly providers: number | undefined;
}

async function listed(env: Readonly<Record<string, string>>, trimmed: boolean): Promise<Listed> {
  const own: Record<string, string | undefined> = { ...world.env, ...env, PWD: world.project };
  const question = { program: REAL_OPENCODE, env: own, directory: world.project, plugins: true };
  const given = trimmed ? await withCatalogue(question, options()) : own;
  const path = given['OPENCODE_MODELS_PATH'];
  const text = path === undefined ? undefined : readFileSync(path, 'utf8');
  const set = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  // opencode exits before all of it has gone through a pipe.
  const file = join(world.root, `models-${trimmed ? 'trimmed' : 'whole'}`);
  const command = 'exec "$0" models --verbose > "$1"';
  const { code, stderr } = await run(['sh', '-c', command, REAL_OPENCODE, file], { cwd: world.project, env: set });
  if (code !== 0) throw new Error(stderr);
  return {
    lines: readFileSync(file, 'utf8'),
    providers: text === undefined ? undefined : Object.keys(JSON.parse(text) as object).length,
  };
}

/** The catalogue in the program with a model that is newer. */
function fetchedCatalogue(): unknown {
  const catalogue = JSON.parse(readFileSync(realCatalogue(REAL_OPENCODE), 'utf8')) as {
    mistral: { models: Record<string, { id: string; status?: string }> };
  };
  const known = Object.values(catalogue.mistral.models).find(({ status }) => status === undefined);
  catalogue.mistral.models['just-released'] = { ...known, id: 'just-released' };
  return catalogue;
}

function put(path: string, content: unknown): void {
  const whole = join(world.userHome, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, typeof content === 'string' ? content : JSON.stringify(content));
}

test.each<{
  readonly what: string;
  readonly has: string;
  readonly env?: Record<string, string>;
  readonly files?: Record<string, unknown>;
}>([
  { what: 'with nothing but free models', has: 'opencode/' },
  {
    what: 'with logins and keys of clouds',
    has: 'mistral/just-released',
    env: {
      AWS_PROFILE: 'work',
      GOOGLE_CLOUD_PROJECT: 'p',
      GITLAB_TOKEN: 't',
      CLOUDFLARE_ACCOUNT_ID: 'c',
      CLOUDFLARE_API_KEY: 'c',
      AICORE_SERVICE_KEY: 'k',
      GITHUB_TOKEN: 'g',
      MISTRAL_API_KEY: 'm',
    },
    files: {
      // The others have fetched none, and use the one in the program.
      '.cache/opencode/models.json': fetchedCatalogue(),
      '.local/share/opencode/auth.json': {
        anthropic: { type: 'oauth', refresh: 'r', access: 'a', expires: 4_000_000_000_000 },
        openrouter: { type: 'api', key: 'k' },
      },
    },
  },
  {
    what: 'with a configuration that adds to providers, hides and blocks them',
    has: 'groq/mine',
    env: {
      MISTRAL_API_KEY: 'm',
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        enabled_providers: ['groq', 'xai', 'scripted', 'deepseek'],
        disabled_providers: ['xai'],
        provider: {
          groq: {
            options: { apiKey: '{env:NONE}' },
            models: { mine: { id: 'llama-3.3-70b-versatile', name: 'Mine' } },
          },
          deepseek: { whitelist: ['deepseek-chat'], options: { apiKey: 'k' } },
        },
      }),
    },
  },
])('opencode lists the same models $what', async ({ has, env = {}, files = {} }) => {
  for (const [path, content] of Object.entries(files)) put(path, content);
  const [whole, trimmed] = await Promise.all([listed(env, false), listed(env, true)]);
  for (const path of Object.keys(files)) rmSync(join(world.userHome, path));
  expect(trimmed.lines).toBe(whole.lines);
  expect(whole.lines).toContain(has);
  expect(whole.providers).toBeUndefined();
  expect(trimmed.providers).toBeLessThan(40);
});

test('a login to opencode’s console, whose organisation may configure more, means the whole catalogue', async () => {
  const given = async (): Promise<string | undefined> => {
    const env = { ...world.env, PWD: world.project };
    return (await withCatalogue({ program: REAL_OPENCODE, env, directory: world.project, plugins: true }, options()))[
      'OPENCODE_MODELS_PATH'
    ];
  };
  expect(await given()).toMatch(/kugetsu-/);
  const columns = 'id, email, url, access_token, refresh_token, time_created, time_updated';
  const statement = `insert into account (${columns}) values ('a', 'me@localhost', 'http://127.0.0.1:9', 't', 't', 1, 1)`;
  const { code, stderr } = await run([REAL_OPENCODE, 'db', statement], { cwd: world.project, env: world.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.anything() as unknown });
  expect(await given()).toBeUndefined();
});
