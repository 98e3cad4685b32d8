import { startScriptedModel, type ScriptedModel } from './scripted-model.ts';
import { makeRemote, makeWorld, mapRepositories, REAL_OPENCODE, type World } from './world.ts';

/** A world with the real opencode, a scripted model and the repository `forge.test/acme/demo`. */
export interface RealWorld {
  readonly world: World;
  readonly model: ScriptedModel;
  /** The path of the repository that stands in for the git server. */
  readonly remote: string;
  /** Ends everything. @returns the processes that had to be ended */
  destroy(): Promise<string[]>;
}

/** Makes such a world and runs `init` in it. @throws when `init` fails */
export async function makeRealWorld(env: Readonly<Record<string, string>> = {}): Promise<RealWorld> {
  const model = await startScriptedModel();
  const world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port, env });
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n' });
  mapRepositories(world, { 'forge.test/acme/demo': remote });
  const { code, stderr } = await world.kugetsu('init', '--headless');
  if (code !== 0) throw new Error(`init failed: ${stderr}`);
  return {
    world,
    model,
    remote,
    async destroy() {
      const left = await world.destroy();
      await model.close();
      return left;
    },
  };
}

/** What `list --json` says of a session, as far as tests look at it. */
export interface ListedSession {
  readonly issue_ref: string;
  readonly session_id: string | null;
  readonly worktree: string | null;
  readonly state: string;
  readonly run: {
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
