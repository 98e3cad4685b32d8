import type { Opencode, OpencodeProbe } from '../../../adapters/opencode/opencode.ts';
import { wordsOf } from '../../../util/errors.ts';
import { oneLine } from '../../../util/text.ts';
import { rawText } from '../../../util/words.ts';
import type { Context } from '../../context.ts';
import { TRIAL_STEPS, type Trial } from './trial-steps.ts';
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
  /** Whether all steps passed. */
  readonly passed: boolean;
}

interface TrialRequest {
  /** The driver of the installed opencode, with this environment. */
  readonly open: (env: Context['env']) => Promise<Opencode>;
  readonly onStep: (step: TriedStep) => void;
  /** Aborts when the user interrupts; what was made goes all the same. */
  readonly signal: AbortSignal;
}

const MAX_NOTE = 300;

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
    const steps = await trySteps({ clock: context.clock, opencode }, world, { onStep, signal });
    return { opencode: probe, steps, passed: steps.every(({ outcome }) => outcome === 'passed') };
  } finally {
    await world.destroy();
  }
}

async function trySteps(
  context: Trial['context'],
  world: TrialWorld,
  { onStep, signal }: Pick<TrialRequest, 'onStep' | 'signal'>,
): Promise<TriedStep[]> {
  const trial: Trial = { context, world, signal, base: '', fork: '' };
  const tried: TriedStep[] = [];
  for (const { name, about, run } of TRIAL_STEPS) {
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
