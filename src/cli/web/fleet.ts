import type { Context } from '../../domain/queue/context.ts';
import { redactorOf } from '../../domain/agent-env/redactor.ts';
import { overviews } from '../../domain/overview/changes.ts';
import { messageOf } from '../../util/errors.ts';
import { fleetView } from './fleet-view.ts';

const AGAIN_MS = 3000;

/**
 * What the fleet looks like, for as many pages as are open: it is looked at once for all of them, and not at all while none is
 * open.
 */
export class Fleet {
  private readonly context: Context;
  private latest: string | undefined;
  private changed = new AbortController();
  private readers = 0;
  private looking: AbortController | undefined;

  constructor(context: Context) {
    this.context = context;
  }

  /** Calls `show` with the fleet as JSON, now and whenever it has changed, until `signal` aborts; who is slow misses what is old. */
  async follow(signal: AbortSignal, show: (json: string) => Promise<void>): Promise<void> {
    this.enter();
    try {
      let shown: string | undefined;
      while (!signal.aborted) {
        const { latest, changed } = this;
        if (latest !== undefined && latest !== shown) await show(latest);
        else await untilAborted(AbortSignal.any([changed.signal, signal]));
        shown = latest;
      }
    } finally {
      this.leave();
    }
  }

  private enter(): void {
    this.readers += 1;
    if (this.looking !== undefined) return;
    this.looking = new AbortController();
    void this.look(this.looking.signal);
  }

  private leave(): void {
    this.readers -= 1;
    if (this.readers > 0) return;
    this.looking?.abort();
    this.looking = undefined;
    this.latest = undefined;
  }

  private async look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const overview of overviews(this.context, { signal })) {
          if (signal.aborted) return;
          const { text } = await redactorOf(this.context);
          this.tell(JSON.stringify(fleetView(overview, text)));
        }
      } catch (error) {
        const { text } = await redactorOf(this.context);
        this.tell(JSON.stringify({ trouble: text(messageOf(error)) }));
        await this.context.clock.sleep(AGAIN_MS, signal);
      }
    }
  }

  private tell(json: string): void {
    this.latest = json;
    const { changed } = this;
    this.changed = new AbortController();
    changed.abort();
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
