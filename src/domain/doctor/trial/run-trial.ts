import { join } from 'node:path';
import type { Opencode, OpencodeProbe } from '../../../adapters/opencode/opencode.ts';
import { endServers } from '../../../adapters/opencode/server/left-servers.ts';
import { whyNoServer, type SharedServers } from '../../../adapters/opencode/server/serve-agent.ts';
import { wordsOf } from '../../../util/errors.ts';
import { oneLine } from '../../../util/text.ts';
import { rawText } from '../../../util/words.ts';
import type { Context } from '../../context.ts';
import { SERVER_STEPS, TRIAL_STEPS, type Trial, type TrialStep } from './trial-steps.ts';
import { makeTrialWorld, type TrialWorld } from './trial-world.ts';

/** How one step of a trial went. */
export interface TriedStep {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'left out';
  readonly ms: number;
  /** What was tried, or what opencode does instead. */
  readonly note: string;
}

/** How a trial went. */
export interface TrialReport {
  readonly opencode: OpencodeProbe;
  readonly steps: readonly TriedStep[];
  /** Whether all steps passed but those of the shared server, of which kugetsu can do without. */
  readonly passed: boolean;
  /** Whether those passed; null when they were not tried. */
  readonly server: boolean | null;
}

interface TrialRequest {
  /** The driver of the installed opencode, with this environment, and with the servers that its agents are to share. */
  readonly open: (env: Context['env'], servers?: SharedServers) => Promise<Opencode>;
  readonly onStep: (step: TriedStep) => void;
  /** Aborts when the user interrupts; what was made goes all the same. */
  readonly signal: AbortSignal;
}

interface Trying extends Pick<TrialRequest, 'onStep' | 'signal'> {
  readonly steps: readonly TrialStep[];
  readonly isShared?: boolean;
}

const MAX_NOTE = 300;
/** How long the server may take until it is ready, and how long it stays between two agents, in milliseconds. */
const READY_MS = 60_000;
const IDLE_MS = 30_000;

/**
 * Tries whether the installed opencode does what kugetsu needs of one: with a scripted model on the loopback, a database and
 * a configuration that are thrown away, and no call of a real model.
 *
 * @throws AppError when there is no opencode that could be tried
 */
export async function runTrial(
  context: Pick<Context, 'clock' | 'env'>,
  { open, onStep, signal }: TrialRequest,
): Promise<TrialReport> {
  const world = await makeTrialWorld(context);
  try {
    const opencode = await open(world.env);
    const probe = await opencode.probe();
    const telling = { onStep, signal };
    const own = await trySteps({ clock: context.clock, opencode }, world, { steps: TRIAL_STEPS, ...telling });
    const passed = haveAllPassed(own);
    if (!passed || probe.major !== 1) return { opencode: probe, steps: own, passed, server: null };
    const shared = await tryServer(context, world, { open, ...telling });
    const isLeftOut = shared.some(({ outcome }) => outcome === 'left out') && !shared.some(hasFailed);
    return { opencode: probe, steps: [...own, ...shared], passed, server: isLeftOut ? null : haveAllPassed(shared) };
  } finally {
    await world.destroy();
  }
}

function haveAllPassed(steps: readonly TriedStep[]): boolean {
  return steps.every(({ outcome }) => outcome === 'passed');
}

function hasFailed({ outcome }: TriedStep): boolean {
  return outcome === 'failed';
}

/** Tries the server that agents share, if there can be one on this machine. */
async function tryServer(
  { clock }: Pick<Context, 'clock'>,
  world: TrialWorld,
  { open, onStep, signal }: TrialRequest,
): Promise<TriedStep[]> {
  const why = await whyNoServer(world.env);
  if (why !== undefined) {
    const step: TriedStep = { name: 'server', outcome: 'left out', ms: 0, note: why };
    onStep(step);
    return [step];
  }
  const directory = join(world.root, 'engine');
  const servers: SharedServers = {
    directory,
    wanted: async () => true,
    readyMs: async () => READY_MS,
    idleMs: async () => IDLE_MS,
    settingNames: async () => [],
  };
  try {
    const opencode = await open(world.env, servers);
    return await trySteps({ clock, opencode }, world, { steps: SERVER_STEPS, isShared: true, onStep, signal });
  } finally {
    await endServers({ servers: directory }, clock);
  }
}

async function trySteps(
  context: Trial['context'],
  world: TrialWorld,
  { steps, isShared = false, onStep, signal }: Trying,
): Promise<TriedStep[]> {
  const trial: Trial = { context, world, signal, isShared, base: '', fork: '' };
  const tried: TriedStep[] = [];
  for (const { name, about, run } of steps) {
    const startedAt = context.clock.monotonic();
    // What a step has not made, those after it cannot use.
    const failed = tried.some(({ outcome }) => outcome !== 'passed');
    const problem = failed ? undefined : await run(trial).then(() => undefined, reasonOf);
    signal.throwIfAborted();
    const outcome = failed ? 'left out' : problem === undefined ? 'passed' : 'failed';
    const ms = Math.round(context.clock.monotonic() - startedAt);
    const step: TriedStep = { name, outcome, ms, note: oneLine(problem ?? about, MAX_NOTE) };
    tried.push(step);
    onStep(step);
  }
  return tried;
}

function reasonOf(error: unknown): string {
  return rawText(wordsOf(error));
}
