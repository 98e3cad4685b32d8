import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGENT_LAYERS, type LayerFacts } from '../../../../src/domain/runs/agent-layers.ts';
import { layered, type Variables } from '../../../../src/util/layers.ts';

const FACTS: LayerFacts = {
  caller: { HOME: '/home/me', PATH: '/usr/bin', GIT_DIR: '/hook/of/another/.git', GIT_CEILING_DIRECTORIES: '/mine' },
  agent: 'dev-agent',
  files: {},
  author: { name: undefined, email: undefined },
  credentials: async () => ({}),
  home: '/home/me/.kugetsu',
  programs: '/home/me/.kugetsu/bin',
  temporary: '/tmp/kugetsu',
  ceilings: [],
  task: {},
  guard: undefined,
  run: undefined,
};

const environment = async (facts: Partial<LayerFacts>): Promise<Variables> =>
  layered(AGENT_LAYERS, { ...FACTS, ...facts });

/** The layers that anything can be in, each with its own value of the same variables. */
const FREE = ['caller', 'env files', 'credentials', 'task', 'push guard'] as const;

function factsWith(layers: readonly (typeof FREE)[number][], name: string): Partial<LayerFacts> {
  const of = (layer: (typeof FREE)[number]): Record<string, string> =>
    layers.includes(layer) ? { [name]: layer } : {};
  return {
    caller: of('caller'),
    files: of('env files'),
    credentials: async () => of('credentials'),
    task: of('task'),
    guard: async () => of('push guard'),
  };
}

describe("an agent's environment", () => {
  test('has an author of its own when there is one, which its env files may change', async () => {
    const author = { name: 'Agent', email: 'agent@example.com' };
    const env = await environment({ author, files: { GIT_AUTHOR_NAME: 'Other' } });
    expect(env).toMatchObject({ GIT_AUTHOR_NAME: 'Other', GIT_COMMITTER_NAME: 'Agent' });
    expect(env).toMatchObject({ GIT_AUTHOR_EMAIL: 'agent@example.com', GIT_COMMITTER_EMAIL: 'agent@example.com' });
    expect(Object.keys(await environment({})).filter((name) => name.startsWith('GIT_AUTHOR'))).toEqual([]);
  });

  test('has these layers, and the later ones win', () => {
    expect(AGENT_LAYERS.map(({ name }) => name)).toEqual([
      'caller',
      'no redirection of git',
      'no question of git',
      'author',
      'env files',
      'credentials',
      'kugetsu',
      'ceilings',
      'task',
      'push guard',
      'run',
    ]);
  });

  test('has of each variable what the last layer says that has it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([...FREE]), fc.constantFrom('FOO', 'GITEA_TOKEN', 'A'), async (layers, name) => {
        const last = FREE.findLast((layer) => layers.includes(layer));
        expect((await environment(factsWith(layers, name)))[name]).toBe(last);
      }),
    );
  });

  test('has as its run and its temporary directory those of the run, whatever else names them', async () => {
    const run = { id: 'r_1', temporary: '/tmp/kugetsu/r_1' };
    for (const [name, value] of [
      ['KUGETSU_RUN_ID', 'r_1'],
      ['TMPDIR', '/tmp/kugetsu/r_1'],
    ] as const) {
      expect((await environment({ ...factsWith(FREE, name), run }))[name]).toBe(value);
    }
  });

  test.each(['KUGETSU_DIR', 'KUGETSU_RUN_ID', 'HOME', 'TMPDIR', 'GIT_DIR', 'OPENCODE_DB'])(
    'has no %s of an env file',
    async (name) => {
      expect((await environment({ files: { [name]: 'from-a-file' } }))[name]).not.toBe('from-a-file');
    },
  );

  test('sends git to no repository of the caller', async () => {
    expect((await environment({}))['GIT_DIR']).toBeUndefined();
  });

  test('lets git ask nobody, unless an env file says otherwise', async () => {
    expect((await environment({ caller: { GIT_TERMINAL_PROMPT: '1' } }))['GIT_TERMINAL_PROMPT']).toBe('0');
    expect((await environment({ files: { GIT_TERMINAL_PROMPT: '1' } }))['GIT_TERMINAL_PROMPT']).toBe('1');
  });

  test.each([
    ['of the caller', {}, '/usr/bin'],
    ['of an env file', { files: { PATH: '/opt/bin' } }, '/opt/bin'],
    ['of another agent', { caller: { PATH: '/home/me/.kugetsu/bin:/usr/bin' } }, '/usr/bin'],
    ['of its own where there is none', { caller: {} }, '/usr/local/bin:/usr/bin:/bin'],
  ])('finds this kugetsu before whatever is on the PATH %s', async (_whose, facts, rest) => {
    expect((await environment(facts))['PATH']).toBe(`/home/me/.kugetsu/bin:${rest}`);
  });

  test('names the variables of its env files, and none that was left out', async () => {
    const { KUGETSU_AGENT_VARIABLES: names } = await environment({ files: { FOO: '1', HOME: '/x', BAR: '2' } });
    expect(names).toBe('FOO,BAR');
  });

  test('keeps the ceilings that git has already, from wherever', async () => {
    const ceilings = ['/home/me/.kugetsu', '/home/me'];
    const { GIT_CEILING_DIRECTORIES: kept } = await environment({ ceilings });
    expect(kept).toBe('/home/me/.kugetsu:/home/me:/mine');
    const files = { GIT_CEILING_DIRECTORIES: '/theirs' };
    expect((await environment({ ceilings, files }))['GIT_CEILING_DIRECTORIES']).toBe(
      '/home/me/.kugetsu:/home/me:/theirs',
    );
    expect((await environment({}))['GIT_CEILING_DIRECTORIES']).toBe('/mine');
  });

  test('is made from the bottom: who needs what lies under it sees that, and nothing above', async () => {
    const seen: Variables[] = [];
    const look = async (under: Variables): Promise<Variables> => {
      seen.push(under);
      return {};
    };
    await environment({ files: { FOO: '1' }, credentials: look, task: { TASK: 't' }, guard: look });
    expect(seen).toMatchObject([
      { FOO: '1', GIT_TERMINAL_PROMPT: '0' },
      { FOO: '1', TASK: 't' },
    ]);
    expect(seen[0]).not.toHaveProperty('TASK');
  });
});
