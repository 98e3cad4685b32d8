import type { Clock } from '../clock.ts';

/** A daemon lives for days, and opencode may be replaced in that time: after so many milliseconds it is looked at again. */
const HOLDS_MS = 30_000;

/** What was found out about an installed opencode, asked for again only after a while or when the last answer was an error. */
export class HeldProbe<Answer> {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly ask: () => Promise<Answer>;
  private last: { readonly at: number; readonly answer: Promise<Answer> } | undefined;

  constructor(clock: Pick<Clock, 'monotonic'>, ask: () => Promise<Answer>) {
    this.clock = clock;
    this.ask = ask;
  }

  /** Rejects as `ask` does. */
  async answer(): Promise<Answer> {
    const now = this.clock.monotonic();
    const held = this.last !== undefined && now - this.last.at < HOLDS_MS ? this.last : undefined;
    const current = held ?? { at: now, answer: this.ask() };
    this.last = current;
    try {
      return await current.answer;
    } catch (error) {
      // It may be installed, or another one, at any time.
      if (this.last === current) this.last = undefined;
      throw error;
    }
  }
}
