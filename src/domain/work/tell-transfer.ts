import type { OnTransfer } from '../../adapters/git/bare-repository.ts';
import type { Context } from '../context.ts';
import type { Stepper } from '../runs/stepper.ts';

/** How often a run's log is told how far git is, in milliseconds. */
const EVERY_MS = 1000;

/** Tells the step that makes a worktree what git transfers for it, and how far that is: at once when it begins, then now and then. */
export function transferTeller({ clock }: Pick<Context, 'clock'>, step: Pick<Stepper, 'progress'>): OnTransfer {
  let toldAt = -Infinity;
  return (what, source, how) => {
    if (how !== undefined && clock.monotonic() - toldAt < EVERY_MS) return;
    toldAt = clock.monotonic();
    const note = `${what} ${source}${how === undefined ? ' …' : `: ${how}`}`;
    // A log that cannot be written holds nothing up, and says so itself.
    step.progress('worktree', note).catch(() => undefined);
  };
}
