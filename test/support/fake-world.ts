import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { furnish } from './prepared-worlds.ts';
import { FAKE_OPENCODE, makeRemote, makeWorld, mapRepositories, until, type Outcome, type World } from './world.ts';

/** The repository that {@link readyWorld} has, and its first issues. */
export const REPOSITORY = 'forge.test/acme/demo';
export const REF = `${REPOSITORY}#1`;

/** An issue of that repository. */
export const issue = (number: number): string => `${REPOSITORY}#${number}`;

/** A world with the fake opencode for the running test; when that ends, no process of it may be left. */
export function fakeWorld(env: Readonly<Record<string, string>> = {}, opencode: string = FAKE_OPENCODE): World {
  const world = makeWorld({ opencode, env });
  onTestFinished(async () => {
    expect(await world.destroy()).toEqual([]);
  });
  return world;
}

/** A {@link fakeWorld} that is initialised and has a repository with one commit. */
export async function readyWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  return furnishedWorld('ready', env, makeReady);
}

/** Settings that say nothing about what is made before the test begins, and would only stop it on a slow machine. */
const OF_RUNS = /^(?:MAX_CONCURRENT_AGENTS|QUEUE_\w+|DOCTOR_\w+|AGENT_\w+_(?:MINUTES|SECONDS))$/;

/** A {@link fakeWorld} in which `prepare` has been done, now or earlier in another world of the same `name` and environment. */
export async function furnishedWorld(
  name: string,
  env: Readonly<Record<string, string>>,
  prepare: (world: World) => Promise<void>,
): Promise<World> {
  const world = fakeWorld(env);
  const before = Object.fromEntries(Object.entries(env).filter(([key]) => !OF_RUNS.test(key)));
  await furnish(world, { name, options: { opencode: FAKE_OPENCODE, env: before }, prepare });
  return world;
}

/** Makes a world a ready one. */
export async function makeReady(world: World): Promise<void> {
  const remote = await makeRemote(world, 'demo', { 'README.md': '# demo\n', 'greeting.txt': 'Hello.\n' });
  mapRepositories(world, { [REPOSITORY]: remote });
  succeeded(await world.kugetsu('init', '--headless', '--prompt', 'Know this project.'));
}

/** The outcome of a command that did what it was asked. @throws with what it said when it did not */
export function succeeded(outcome: Outcome): Outcome {
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}: ${outcome.stderr}`);
  return outcome;
}

/** A session as `list --json` shows it, as far as tests look at it. */
export interface Listed {
  readonly issue_ref: string;
  readonly type: string;
  readonly session_id: string | null;
  readonly worktree: string | null;
  readonly state: string;
  readonly run: ListedRun | null;
}

interface ListedRun {
  readonly id: string;
  readonly log: string;
  readonly phase: string;
  readonly requested_at: string;
  readonly working_at: string | null;
  readonly ended_at: string | null;
  readonly owner: { readonly pid: number; readonly process_start: string; readonly boot_id: string };
  readonly agent_pid: number | null;
  readonly verdict: ListedVerdict | null;
}

export interface ListedVerdict {
  readonly outcome: string;
  readonly class: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly steps: number;
  readonly reply: string;
  readonly elsewhere?: string;
  readonly evidence: { readonly commits_ahead: number; readonly uncommitted_files: number } | null;
}

/** What `list --json` says. */
export async function listed(world: World): Promise<Listed[]> {
  return JSON.parse(succeeded(await world.kugetsu('list', '--json')).stdout) as Listed[];
}

/** What `list --json` says of an issue. */
export async function listedIssue(world: World, ref: string = REF): Promise<Listed> {
  const found = (await listed(world)).find(({ issue_ref: listedRef }) => listedRef === ref);
  if (found === undefined) throw new Error(`${ref} is not listed`);
  return found;
}

/** The last run of an issue. */
export async function runOf(world: World, ref: string = REF): Promise<ListedRun> {
  const { run } = await listedIssue(world, ref);
  if (run === null) throw new Error(`${ref} has had no run`);
  return run;
}

/** The verdict on the last run of an issue, as soon as there is one. */
export async function verdictOf(world: World, ref: string = REF): Promise<ListedVerdict> {
  return until(`a verdict on ${ref}`, async () => (await runOf(world, ref)).verdict ?? undefined);
}

/** The session file of an issue, as it is on disk. */
export function sessionFile(world: World, ref: string = REF): string {
  return join(world.home, 'sessions', `${ref.replaceAll(/[/#]/g, '-')}.json`);
}

/** Where the issue's worktree is. */
export function worktreeOf(world: World, ref: string = REF): string {
  return join(realpathSync(world.home), 'worktrees', ref.replaceAll(/[/#]/g, '-'));
}

/** The bare repository of {@link REPOSITORY}. */
export function repositoryOf(world: World, repository: string = REPOSITORY): string {
  return join(world.home, 'repos', `${repository.replaceAll('/', '-')}.git`);
}

/** A JSON file. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The command lines with which opencode was called for work, oldest first. */
export function opencodeCalls(world: World): string[][] {
  const path = join(world.userHome, '.local', 'share', 'fake-opencode', 'calls.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string[]);
}

/** The ids of the sessions that the fake opencode has. */
export function storedSessions(world: World): string[] {
  const directory = join(world.userHome, '.local', 'share', 'fake-opencode');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith('ses'))
    .map((name) => name.replace(/\.json$/, ''));
}

interface StoredSession {
  readonly messages: readonly { readonly parts: readonly { readonly text: string }[] }[];
}

/** What was said in a session that the fake opencode has or had, oldest first. */
export function saidIn(world: World, session: string): string[] {
  const live = join(world.userHome, '.local', 'share', 'fake-opencode', `${session}.json`);
  const deleted = join(world.root, 'deleted-sessions', `${session}.json`);
  // It may be deleted at this moment.
  const text = readIfThere(live) ?? readFileSync(deleted, 'utf8');
  const { messages } = JSON.parse(text) as StoredSession;
  return messages.map(({ parts }) => parts.map(({ text: said }) => said).join(''));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The commands that standard error says bring saved work back. */
export function waysBack({ stderr }: Pick<Outcome, 'stderr'>): string[] {
  return [...stderr.matchAll(/to get it back: (.*)/g)].map(([, way = '']) => way);
}
