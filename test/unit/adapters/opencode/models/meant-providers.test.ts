import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { modelsIn, parseCatalogue } from '../../../../../src/adapters/opencode/models/catalogue-text.ts';
import {
  meantProviders,
  unknownModel,
  type Meant,
} from '../../../../../src/adapters/opencode/models/meant-providers.ts';

const NOTHING: Meant = { texts: [], env: {}, logins: [], models: [] };

const KNOWN = {
  anthropic: ['ANTHROPIC_API_KEY'],
  'wafer.ai': ['WAFER_API_KEY'],
  'amazon-bedrock': ['AWS_ACCESS_KEY_ID', 'AWS_REGION'],
  'google-vertex': ['GOOGLE_APPLICATION_CREDENTIALS'],
  'github-copilot': ['GITHUB_TOKEN'],
  opencode: ['OPENCODE_API_KEY'],
  v0: ['V0_API_KEY'],
};

function meant(what: Partial<Meant>): string[] {
  return [...meantProviders(KNOWN, { ...NOTHING, ...what })];
}

test('nothing configured, only the provider is meant that needs no login', () => {
  expect(meant({ env: { HOME: '/home/me', PATH: '/bin', ANTHROPIC_API_KEY: '' } })).toEqual(['opencode']);
});

test.each<[string, Partial<Meant>, string]>([
  ['a model of the configuration', { texts: ['{"model": "anthropic/claude"}'] }, 'anthropic'],
  ['a model in the head of an agent', { texts: ['model: anthropic/claude'] }, 'anthropic'],
  ['a key of the configuration', { texts: ['{"provider":{"v0":{"options":{}}}}'] }, 'v0'],
  ['an id with a dot', { texts: ['{"enabled_providers":["wafer.ai"]}'] }, 'wafer.ai'],
  ['escaped letters', { texts: [String.raw`{"model": "\u0061nthropic\/claude"}`] }, 'anthropic'],
  ['a model that was asked for', { models: ['anthropic/claude'] }, 'anthropic'],
  ['a login', { logins: ['anthropic'] }, 'anthropic'],
  ['a login of a kind', { logins: ['github-copilot-enterprise'] }, 'github-copilot'],
  ['a key in the environment', { env: { WAFER_API_KEY: 'k' } }, 'wafer.ai'],
  ['a profile of a cloud', { env: { AWS_PROFILE: 'work' } }, 'amazon-bedrock'],
  ['a project of a cloud', { env: { GCLOUD_PROJECT: 'p' } }, 'google-vertex'],
])('%s means its provider', (_, what, provider) => {
  expect(meant(what)).toContain(provider);
});

test('another provider whose id has it as a part is not meant by it', () => {
  expect(meant({ texts: ['{"provider":{"my-anthropic":{}}}'] })).toEqual(['opencode']);
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(?:[-.][a-z0-9]{1,6}){0,2}$/);
const catalogues = fc
  .uniqueArray(word, { minLength: 1, maxLength: 12 })
  .map((ids) =>
    Object.fromEntries(
      ids.map((id, at) => [
        id,
        { id, env: [`VAR${at}_KEY`], models: { [`m${at}/x`]: { id: `m${at}/x` }, y: { id: 'y' } } },
      ]),
    ),
  );

/** Each way in which a person can name a provider. */
const namings: readonly ((id: string, env: string, model: string) => Partial<Meant>)[] = [
  (id, _, model) => ({ texts: [JSON.stringify({ model: `${id}/${model}` })] }),
  (id, _, model) => ({ texts: [`mode: all\nmodel: ${id}/${model}\n`] }),
  (id, _, model) => ({ texts: [`{ // a comment\n "agent": {"x": {"model" : "${id}/${model}",}}}`] }),
  (id) => ({ texts: [JSON.stringify({ provider: { [id]: {} } })] }),
  (id) => ({ texts: [JSON.stringify({ enabled_providers: ['none', id] }, null, 2)] }),
  (id) => ({ texts: ['{}', JSON.stringify({ recent: [{ providerID: id, modelID: 'y' }] })] }),
  (id) => ({
    texts: [
      JSON.stringify({
        x: Array.from(id, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
      }).replaceAll('\\\\', '\\'),
    ],
  }),
  (id) => ({ logins: [id] }),
  (_, env) => ({ env: { [env]: 'key' } }),
  (_, env) => ({ env: { [`${env.split('_')[0] ?? ''}_PROFILE`]: 'p' } }),
  (id, _, model) => ({ models: [`${id}/${model}`] }),
];

test('whatever names a provider, a trimmed catalogue has it whole, in order, and its models are known', () => {
  fc.assert(
    fc.property(
      catalogues,
      fc.array(fc.tuple(fc.nat(), fc.nat(namings.length - 1)), { maxLength: 4 }),
      (json, picks) => {
        const ids = Object.keys(json);
        const named = picks.map(([at, how]) => ({ at: at % ids.length, how }));
        const parts = named.map(({ at, how }) => namings[how]?.(ids[at] ?? '', `VAR${at}_KEY`, `m${at}/x`) ?? {});
        const all: Meant = {
          texts: parts.flatMap(({ texts = [] }) => texts),
          env: Object.assign({}, ...parts.map(({ env = {} }) => env)) as Meant['env'],
          logins: parts.flatMap(({ logins = [] }) => logins),
          models: parts.flatMap(({ models = [] }) => models),
        };
        const catalogue = parseCatalogue(JSON.stringify(json));
        const text = catalogue?.only(meantProviders(catalogue.providers, all)) ?? '';
        const trimmed = JSON.parse(text) as typeof json;
        for (const { at } of named) expect(trimmed[ids[at] ?? '']).toEqual(json[ids[at] ?? '']);
        expect(Object.keys(trimmed)).toEqual(ids.filter((id) => id in trimmed));
        expect(unknownModel(modelsIn(text), all)).toBeUndefined();
      },
    ),
  );
});

const TEXT = JSON.stringify({
  anthropic: { id: 'anthropic', models: { claude: { id: 'claude', experimental: { modes: { fast: {} } } } } },
  openrouter: { id: 'openrouter', models: { 'meta/llama': { id: 'meta/llama' } } },
});

test.each<[string, Partial<Meant>, string | undefined]>([
  ['a model of the catalogue', { models: ['anthropic/claude'] }, undefined],
  ['a mode of one', { models: ['anthropic/claude-fast'] }, undefined],
  ['a variant of one', { texts: ['{"model":"anthropic/claude#high"}'] }, undefined],
  ['a model with a slash', { texts: ['{"small_model":"openrouter/meta/llama"}'] }, undefined],
  [
    'one that the configuration adds',
    { texts: ['{"provider":{"anthropic":{"models":{"own" :{}}}},"model":"anthropic/own"}'] },
    undefined,
  ],
  ['one of a provider of the configuration', { texts: ['{"provider":{"mine":{}},"model":"mine/own"}'] }, undefined],
  ['one that is newer', { models: ['anthropic/claude-9'] }, 'anthropic/claude-9'],
  ['one of the configuration that is newer', { texts: ['{"model":"anthropic/claude-9"}'] }, 'anthropic/claude-9'],
  ['one of an agent that is newer', { texts: ['model: anthropic/claude-9'] }, 'anthropic/claude-9'],
  ['a slip', { models: ['antropic/claude'] }, 'antropic/claude'],
])('%s is told from one that nothing has', (_, what, unknown) => {
  expect(unknownModel(modelsIn(TEXT), { ...NOTHING, ...what })).toBe(unknown);
});

test.each([
  '',
  '{',
  '[]',
  '{}',
  'null',
  '{"a":1}',
  '{"a":{"id":"b","models":{}}}',
  '{"a":{"id":"a","env":"X","models":{}}}',
  '{"a":{"id":"a"}}',
])('a text that is no catalogue is taken for none: %s', (text) => {
  expect(parseCatalogue(text)).toBeUndefined();
});
