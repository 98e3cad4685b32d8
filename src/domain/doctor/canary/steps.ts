import { wordsOf } from '../../../util/errors.ts';
import { words, type Words } from '../../../util/words.ts';
import type { Context } from '../../context.ts';

/** One step of the canary that is done. */
export interface CanaryStep {
  readonly name: string;
  readonly ms: number;
  readonly note: string;
}

/** The steps of one canary, in their order. */
export class Steps {
  readonly all: CanaryStep[] = [];
  readonly startedAt: number;
  readonly clock: Context['clock'];
  private readonly onStep: (step: CanaryStep) => void;
  private lastAt: number;
  private current = 'home';

  constructor({ clock }: Pick<Context, 'clock'>, onStep: (step: CanaryStep) => void) {
    this.clock = clock;
    this.onStep = onStep;
    this.startedAt = clock.monotonic();
    this.lastAt = this.startedAt;
  }

  /** What is being done from now on; a failure is named after it. */
  begin(name: string): void {
    this.current = name;
  }

  done(name: string, note: string): void {
    const now = this.clock.monotonic();
    const step = { name, ms: Math.round(now - this.lastAt), note };
    this.lastAt = now;
    this.all.push(step);
    this.onStep(step);
  }

  failed(error: unknown): Words {
    return words`${this.current}: ${wordsOf(error)}`;
  }
}
