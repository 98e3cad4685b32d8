import { join } from 'node:path';
import { succeeded } from './fake-world.ts';
import { furnish } from './prepared-worlds.ts';
import { startScriptedModel, type ScriptedModel } from './scripted-model.ts';
import { makeRemote, makeWorld, mapRepositories, REAL_OPENCODE, useScriptedModel, type World } from './world.ts';

/** A world with the real opencode, a scripted model and the repository `forge.test/acme/demo`. */
export interface RealWorld {
  readonly world: World;
  readonly model: ScriptedModel;
  /** The path of the repository that stands in for the git server. */
  readonly remote: string;
  /** Ends everything. @returns the processes that had to be ended */
  destroy(): Promise<string[]>;
}

/** Makes such a world, in which `init` has been run: in it, or in another one of the same run of the tests. @throws when `init` fails */
export async function makeRealWorld(env: Readonly<Record<string, string>> = {}): Promise<RealWorld> {
  const model = await startScriptedModel();
  const options = { opencode: REAL_OPENCODE };
  const world = makeWorld({ ...options, env });
  // Other tests may get a copy of it.
  const prepare = async (first: World): Promise<void> => makeReal(first.withEnv({ AGENT_ENGINE: 'process' }), model);
  await furnish(world, { name: 'real', options, prepare });
  useScriptedModel(world, model.port);
  return {
    world,
    model,
    remote: join(world.root, 'remotes', 'demo.git'),
    async destroy() {
      const left = await world.destroy();
      await model.close();
      return left;
    },
  };
}

async function makeReal(world: World, model: ScriptedModel): Promise<void> {
  useScriptedModel(world, model.port);
  mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', { 'README.md': '# demo\n' }) });
  succeeded(await world.kugetsu('init', '--headless'));
}

/** What `list --json` says of a session, as far as tests look at it. */
export interface ListedSession {
  readonly issue_ref: string;
  readonly session_id: string | null;
  readonly worktree: string | null;
  readonly state: string;
  readonly run: {
    readonly id: string;
    readonly phase: string;
    readonly agent_pid: number | null;
    readonly owner: { readonly pid: number };
    readonly verdict: { readonly outcome: string; readonly class: string; readonly message: string } | null;
  } | null;
}

/** One session of `list --json`. @throws when it is not listed */
export async function listedSession(world: World, ref: string): Promise<ListedSession> {
  const { stdout } = await world.kugetsu('list', '--json');
  const found = (JSON.parse(stdout) as ListedSession[]).find(({ issue_ref }) => issue_ref === ref);
  if (found === undefined) throw new Error(`${ref} is not listed`);
  return found;
}
