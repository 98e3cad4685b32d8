// Slow: a canary is a whole start, agent and clean-up on the real opencode.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedSession, makeRealWorld, type RealWorld } from '../support/real-world.ts';
import { REAL_OPENCODE, run } from '../support/world.ts';

const REF = 'forge.test/acme/demo#1';

interface Report {
  readonly healthy: boolean;
  readonly findings: readonly { readonly level: string; readonly check: string; readonly message: string }[];
  readonly repairs: readonly { readonly fixed: boolean; readonly message: string }[];
}

let real: RealWorld;

async function doctor(...options: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await real.world.kugetsu('doctor', '--json', ...options);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

function troubles({ findings }: Report): string[] {
  return findings
    .filter(({ level }) => level === 'error' || level === 'warning')
    .map(({ check, message }) => `${check}: ${message}`);
}

async function opencode(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([REAL_OPENCODE, ...args], {
    cwd: real.world.project,
    env: real.world.env,
  });
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function sessionOf(ref: string): Promise<string> {
  return (await listedSession(real.world, ref)).session_id ?? '';
}

beforeAll(async () => {
  real = await makeRealWorld();
  const { code, stderr } = await real.world.kugetsu('start', REF, 'hello', '--follow');
  if (code !== 0) throw new Error(stderr);
});

afterAll(async () => {
  expect(await real.destroy()).toEqual([]);
});

test('a healthy home is clean, and the model is asked without tools', async () => {
  const asked = real.model.requests.length;
  const report = await doctor();
  expect(troubles(report)).toEqual([]);
  expect(report.findings).toContainEqual(expect.objectContaining({ check: 'model', level: 'ok' }));
  // The scripted model records requests with tools only.
  expect(real.model.requests.length).toBe(asked);
});

test('sessions that opencode has lost are found and fixed, once', async () => {
  for (const ref of ['(pm-agent)', '(base)']) await opencode('session', 'delete', await sessionOf(ref));
  expect(troubles(await doctor('--no-model')).map((text) => text.split(':')[0])).toEqual(['base-session', 'pm-agent']);
  const fixed = await doctor('--no-model', '--fix');
  expect(fixed.repairs.map((repair) => repair.fixed)).toEqual([true, true]);
  expect(troubles(fixed)).toEqual([]);
  expect((await doctor('--no-model', '--fix')).repairs).toEqual([]);
});

test('a session that may ask is found, and --fix-permissions makes a question a denial that the agent sees', async () => {
  const id = await sessionOf(REF);
  await opencode('db', `update session set permission=null where id='${id}'`);
  expect(troubles(await doctor('--no-model'))).toEqual([expect.stringContaining('it has no permission rules')]);
  expect(troubles(await doctor('--no-model', '--fix-permissions'))).toEqual([]);
  const question = { question: 'Which?', header: 'Which', options: [{ label: 'a', description: 'a' }] };
  real.model.on(/ask me something/, [{ tool: 'question', input: { questions: [question] } }, { text: 'Never mind.' }]);
  const { code, stdout } = await real.world.kugetsu('continue', REF, 'ask me something', '--follow');
  expect(stdout).toContain('Never mind.');
  expect(code).toBe(0);
});

test('a canary goes the whole way, and leaves nothing', async () => {
  const sessions = async (): Promise<string> => opencode('db', 'select id, directory, title from session order by id');
  const before = { sessions: await sessions(), list: (await real.world.kugetsu('list', '--json')).stdout };
  const { code, stderr } = await real.world.kugetsu('doctor', '--canary');
  expect(stderr).toMatch(/^canary: clean-up/m);
  expect(code).toBe(0);
  expect({ sessions: await sessions(), list: (await real.world.kugetsu('list', '--json')).stdout }).toEqual(before);
});

test('opencode passes its trial, and so does its shared server', async () => {
  const { code, stdout, stderr } = await real.world.kugetsu('doctor', '--try-opencode', '--json');
  const report = JSON.parse(stdout) as { readonly server: boolean | null; readonly steps: readonly unknown[] };
  expect({ code, stderr, ...report }).toMatchObject({ code: 0, passed: true, server: true });
});
