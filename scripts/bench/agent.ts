import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startScriptedModel } from '../../test/support/scripted-model.ts';
import { makeRemote, mapRepositories, REAL_OPENCODE, run, until, type World } from '../../test/support/world.ts';
import { call, inWorld, runSteps } from './bench-world.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

const ROUNDS = 5;

/** From `kugetsu start` to the model's first request on the real opencode, beside `opencode run` in the same directory. */
export async function agent(): Promise<Row[]> {
  const model = await startScriptedModel();
  try {
    return await inWorld({ opencode: REAL_OPENCODE, modelPort: model.port }, async (plainWorld) => {
      const world = watched(plainWorld);
      mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', { 'README.md': '# demo\n' }) });
      await call(world, 'init', '--headless', '--prompt', 'Know this project.');
      const rounds: Round[] = [];
      // The first start clones and makes the base's export; it is a warm-up.
      for (let number = 0; number <= ROUNDS; number += 1) {
        const round = await oneStart(world, number, async (mark) =>
          until('the model is asked', () => model.requests.find(({ lastUserText }) => lastUserText.includes(mark))?.at),
        );
        if (number > 0) rounds.push(round);
      }
      return rows(rounds);
    });
  } finally {
    await model.close();
  }
}

interface Round {
  readonly total: number;
  readonly own: number;
  readonly plain: number;
  readonly steps: ReadonlyMap<string, number>;
}

function rows(rounds: readonly Round[]): Row[] {
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const plain = { value: middle(({ plain: ms }) => ms), of: 'opencode run' };
  return [
    row('agent', 'opencode run to first request', { value: plain.value }),
    row('agent', 'kugetsu start to first request', { value: middle(({ total }) => total), over: plain }),
    ...['worktree', 'session', 'agent'].map((name) =>
      row('agent', `  of it the step ${name}`, { value: middle(({ steps }) => steps.get(name) ?? Number.NaN) }),
    ),
    row('agent', "  of it kugetsu's own (neither opencode nor git runs)", {
      value: middle(({ own }) => own),
      atMost: 150,
    }),
  ];
}

async function oneStart(world: World, number: number, asked: (mark: string) => Promise<number>): Promise<Round> {
  const ref = `forge.test/acme/demo#${number}`;
  writeFileSync(journal(world), '');
  const startedAt = Date.now();
  await call(world, 'start', ref, `mark-${number}-own.`);
  const askedAt = await asked(`mark-${number}-own.`);
  const { steps } = await until('the run has ended', () => {
    const found = runSteps(world, ref);
    return found.ended ? found : undefined;
  });
  const own = uncovered(readJournal(world), startedAt, askedAt);
  const directory = join(world.home, 'worktrees', ref.replaceAll(/[/#]/g, '-'));
  const plainAt = Date.now();
  await run([REAL_OPENCODE, 'run', '--format', 'json', `mark-${number}-plain.`], {
    cwd: directory,
    env: { ...world.env, PWD: directory },
  });
  return { total: askedAt - startedAt, own, plain: (await asked(`mark-${number}-plain.`)) - plainAt, steps };
}

/** The same world, in which git and opencode write down from when to when they ran. */
function watched(world: World): World {
  const bin = join(world.root, 'watched');
  mkdirSync(bin);
  const script = (real: string): string =>
    `#!/bin/bash\nbegan=$EPOCHREALTIME\necho "$$ $began" >> '${journal(world)}'\n'${real}' "$@" <&0\ncode=$?\necho "$$ $began $EPOCHREALTIME" >> '${journal(world)}'\nexit $code\n`;
  for (const [name, real] of [
    ['git', '/usr/bin/git'],
    ['opencode', REAL_OPENCODE],
  ] as const) {
    if (!existsSync(real)) throw new Error(`${real} is not there`);
    writeFileSync(join(bin, name), script(real));
    chmodSync(join(bin, name), 0o755);
  }
  return world.withEnv({ PATH: `${bin}:${world.env['PATH'] ?? ''}`, KUGETSU_OPENCODE: join(bin, 'opencode') });
}

function journal(world: World): string {
  return join(world.root, 'children');
}

/** When the children ran, in milliseconds since the epoch; one that is still running has no end yet. */
function readJournal(world: World): (readonly [number, number])[] {
  const spans = new Map<string, readonly [number, number]>();
  for (const line of readFileSync(journal(world), 'utf8').split('\n')) {
    const [pid = '', began, ended] = line.replaceAll(',', '.').split(' ');
    if (began !== undefined) spans.set(`${pid} ${began}`, [Number(began) * 1000, Number(ended ?? Infinity) * 1000]);
  }
  return [...spans.values()].toSorted(([a], [b]) => a - b);
}

/** How much of the time between two moments none of the spans covers. */
function uncovered(spans: readonly (readonly [number, number])[], from: number, to: number): number {
  let at = from;
  let free = 0;
  for (const [began, ended] of spans) {
    free += Math.max(0, Math.min(began, to) - at);
    at = Math.max(at, Math.min(ended, to));
  }
  return free + Math.max(0, to - at);
}
