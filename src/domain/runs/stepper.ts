import type { Context } from '../context.ts';
import type { RunLog } from './run-log.ts';

/** Says in the log how preparation goes on. */
export interface Stepper {
  /**
   * Begins a step; call the result when it is done. Steps may overlap: each is written down when it is done, with the time
   * that it took by itself. With `note` it is also told that it begins.
   */
  begin(name: string, note?: string): (note: string) => Promise<void>;
  /** Says how far a step is that takes long. */
  progress(name: string, note: string): Promise<void>;
  warn(text: string): Promise<void>;
  /** @throws when the run is to be stopped */
  check(): void;
}

/** The stepper of one preparation. */
export function stepper({ clock }: Pick<Context, 'clock'>, log: RunLog, signal: AbortSignal): Stepper {
  return {
    begin(name, beginning) {
      const began = clock.monotonic();
      const told =
        beginning === undefined
          ? undefined
          : log.record({ event: 'progress', name, note: beginning }).catch(() => undefined);
      return async (note) => {
        await told;
        await log.record({ event: 'step', name, note, ms: clock.monotonic() - began });
      };
    },
    progress: async (name, note) => log.record({ event: 'progress', name, note }),
    warn: async (text) => log.record({ event: 'warning', text }),
    check: () => signal.throwIfAborted(),
  };
}
