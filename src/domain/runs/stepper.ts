import type { Context } from '../context.ts';
import type { RunLog } from './run-log.ts';

/** Says in the log how preparation goes on, and ends it between two steps when the run is to be stopped. */
export interface Stepper {
  done(name: string, note: string): Promise<void>;
  warn(text: string): Promise<void>;
}

/** A stepper that begins to count time now. */
export function stepper({ clock }: Pick<Context, 'clock'>, log: RunLog, signal: AbortSignal): Stepper {
  let last = clock.now();
  return {
    async done(name, note) {
      const now = clock.now();
      await log.record({ event: 'step', name, note, ms: now - last });
      last = now;
      signal.throwIfAborted();
    },
    warn: async (text) => log.record({ event: 'warning', text }),
  };
}
