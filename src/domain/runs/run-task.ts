import type { Evidence, Run } from './run-schema.ts';
import type { RunLog } from './run-log.ts';

/** Where an agent goes to work. */
interface Workplace {
  readonly session: string;
  /** The absolute real path that opencode has stored for the session. */
  readonly directory: string;
  readonly model: string | undefined;
}

/** What the supervision of a run needs to know of the thing that the run is for. */
export interface RunTask {
  readonly subject: string;
  readonly kind: Run['kind'];
  readonly message: string;
  readonly debug: boolean;
  readonly log: string;
  /**
   * Changes the run as it is recorded, durably; undefined from `change` leaves it as it is.
   * @returns the changed run, or undefined when it was left or is not recorded any more
   */
  change(change: (run: Run) => Run | undefined): Promise<Run | undefined>;
  /** Makes everything ready for the agent, or throws when `signal` aborts. Whatever is thrown becomes the verdict. */
  prepare(log: RunLog, signal: AbortSignal): Promise<Workplace>;
  evidence(): Promise<Evidence | null>;
}
