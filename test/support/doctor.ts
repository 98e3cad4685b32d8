import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { furnishedWorld, makeReady, readJson, REF, succeeded } from './fake-world.ts';
import { processesOf, until, type World } from './world.ts';

/** A finding as `doctor --json` shows it. */
export interface Found {
  readonly level: string;
  readonly check: string;
  readonly message: string;
  readonly command: string | null;
}

interface Report {
  readonly code: number;
  readonly stderr: string;
  readonly healthy: boolean;
  readonly findings: readonly Found[];
  readonly repairs: readonly { readonly check: string; readonly fixed: boolean; readonly message: string }[];
  readonly permissions: { readonly sessions: readonly { readonly subject: string; readonly outcome: string }[] } | null;
}

/** What `doctor --json` says; the model is not asked unless the options say so. */
export async function doctor(world: World, ...options: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await world.kugetsu('doctor', '--json', '--no-model', ...options);
  if (stdout === '') throw new Error(`doctor printed nothing: ${stderr}`);
  return { code, stderr, ...(JSON.parse(stdout) as Omit<Report, 'code' | 'stderr'>) };
}

/** The findings that are no good news. */
export function troubles({ findings }: Pick<Report, 'findings'>): Found[] {
  return findings.filter(({ level }) => level === 'error' || level === 'warning');
}

/** A ready world in which one issue was worked on; its runner is gone, too. */
export async function workedWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  return furnishedWorld('worked', env, async (world) => {
    await makeReady(world);
    succeeded(await world.kugetsu('start', REF, 'hello', '--follow'));
    await until('the runner has left', () => processesOf(world.root).length === 0);
  });
}

interface Break {
  readonly level: 'error' | 'warning';
  readonly check: string;
  /** What the finding's message says. */
  readonly says: RegExp;
  /** What the repair says that it did; undefined when only the user can mend it, as `command` says. */
  readonly mends?: RegExp;
  readonly command?: RegExp;
}

/**
 * The home is broken in exactly this way: doctor finds it and changes nothing, `--fix` mends it or leaves it with a
 * command, and a second `--fix` has nothing to mend and changes nothing.
 */
export async function expectBreak(world: World, { level, check, says, mends, command }: Break): Promise<void> {
  const before = stateOf(world);
  const first = await doctor(world);
  expect(troubles(first)).toContainEqual(
    expect.objectContaining({ level, check, message: expect.stringMatching(says) }),
  );
  const found = troubles(first).find((finding) => finding.check === check && says.test(finding.message));
  expect(found?.message).not.toContain('\n');
  expect(found?.command).toMatch(command ?? /^kugetsu doctor --fix/);
  expect(first.code).toBe(troubles(first).some((finding) => finding.level === 'error') ? 1 : 0);
  expect(stateOf(world)).toEqual(before);

  const fixed = await doctor(world, '--fix');
  if (mends === undefined) {
    expect(alike(troubles(fixed))).toContainEqual({ level, check, command: found?.command });
    expect(fixed.repairs.filter((repair) => repair.fixed)).toEqual([]);
  } else {
    expect(fixed.repairs).toContainEqual(
      expect.objectContaining({ check, fixed: true, message: expect.stringMatching(mends) }),
    );
    expect(troubles(fixed)).toEqual([]);
    expect(fixed).toMatchObject({ code: 0, healthy: true });
  }
  const afterwards = stateOf(world);
  const again = await doctor(world, '--fix');
  expect(again.repairs.filter((repair) => repair.fixed)).toEqual([]);
  expect(alike(troubles(again))).toEqual(alike(troubles(fixed)));
  expect(stateOf(world)).toEqual(afterwards);
}

/** Messages may tell how long ago something was. */
function alike(findings: readonly Found[]): Omit<Found, 'message'>[] {
  return findings.map(({ level, check, command }) => ({ level, check, command }));
}

/** Every file of the home and of the fake opencode, with its mode and a hash of its content; caches, logs and heartbeats left out. */
export function stateOf(world: World): Record<string, string> {
  const files: Record<string, string> = {};
  for (const root of [world.home, join(world.userHome, '.local')]) walk(root, root, files);
  return files;
}

// What is kept for the next time or for the tests only, or changes by being looked at.
const NO_STATE =
  /^(?:cache|bin|heartbeats)$|calls\.jsonl$|fake-opencode\/deleted$|daemon\.log|\/\.git\/|(?:^|\/)index$/;

function walk(root: string, path: string, files: Record<string, string>): void {
  const name = relative(root, path);
  if (!existsSync(path) || NO_STATE.test(name)) return;
  const facts = lstatSync(path);
  const mode = (facts.mode & 0o7777).toString(8);
  if (facts.isDirectory()) {
    files[name] = mode;
    for (const entry of readdirSync(path)) walk(root, join(path, entry), files);
  } else if (facts.isFile()) {
    files[name] = `${mode} ${createHash('sha1').update(readFileSync(path)).digest('hex')}`;
  }
}

/** Changes a JSON file in place; its mode stays. */
export function editJson(path: string, change: (content: Record<string, unknown>) => unknown): void {
  writeFileSync(path, JSON.stringify(change(readJson(path) as Record<string, unknown>)));
}

/** The file in which the fake opencode keeps a session. */
export function storedSession(world: World, id: string): string {
  return join(world.userHome, '.local', 'share', 'fake-opencode', `${id}.json`);
}

/** The files of the home that were set aside, by the name that they had. */
export function setAside(world: World, directory = '.'): string[] {
  return readdirSync(join(world.home, directory))
    .filter((name) => name.includes('.corrupt-'))
    .map((name) => name.replace(/\.corrupt-.*/, ''));
}
