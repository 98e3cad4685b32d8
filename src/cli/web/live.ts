import type { HttpAnswer, Sink } from '../../adapters/web/http-server.ts';
import type { Context } from '../../domain/queue/context.ts';
import { readRunLog } from '../../domain/work/read-run-log.ts';
import type { Fleet } from './fleet.ts';
import { failureOf } from './failure.ts';
import { logLine, type LogLine } from './log-lines.ts';

/** How many pages may be open at once. */
const MOST_STREAMS = 24;
/** How often a stream says that it is alive, in milliseconds: proxies end those that say nothing for a minute. */
const BEAT_MS = 20_000;
/** How many lines of a log are kept for a page that does not take them; it shows no more at once. */
const MOST_LINES = 1000;
/** Lines that come one after the other go out together. */
const GATHER_MS = 150;

/** What a stream shows beside the fleet. */
interface Shown {
  /** The run whose log is followed; an id, or what else names a run. */
  readonly log: string | null;
}

/** The streams of the pages that are open. */
export class LiveStreams {
  private readonly context: Context;
  private readonly fleet: Fleet;
  private open = 0;

  constructor(context: Context, fleet: Fleet) {
    this.context = context;
    this.fleet = fleet;
  }

  /** Server-sent events: `fleet` with what the fleet looks like, `log` with lines of a log, `log-end` and `log-failed` after the last. */
  answer({ log }: Shown): HttpAnswer {
    if (this.open >= MOST_STREAMS) {
      return { status: 503, headers: { 'retry-after': '10' }, body: 'too many pages are open' };
    }
    this.open += 1;
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
      stream: async (sink) => this.stream(sink, log).finally(() => (this.open -= 1)),
    };
  }

  private async stream(sink: Sink, log: string | null): Promise<void> {
    await Promise.all([
      this.fleet.follow(sink.signal, async (json) => sink.write(event('fleet', json))),
      this.beat(sink),
      ...(log === null ? [] : [this.follow(sink, log)]),
    ]);
  }

  private async beat(sink: Sink): Promise<void> {
    while (!sink.signal.aborted) {
      await sink.write(':\n\n');
      await this.context.clock.sleep(BEAT_MS, sink.signal);
    }
  }

  private async follow(sink: Sink, subject: string): Promise<void> {
    const { context } = this;
    const { signal } = sink;
    const waiting: LogLine[] = [];
    let skipped = 0;
    let end: string | undefined;
    const reading = readRunLog(context, {
      subject,
      follow: true,
      signal,
      onLine({ entry }) {
        const line = logLine(entry);
        if (line === undefined) return;
        if (waiting.push(line) > MOST_LINES) {
          waiting.shift();
          skipped += 1;
        }
      },
    }).then(
      () => event('log-end', '{}'),
      async (error: unknown) => event('log-failed', JSON.stringify(await failureOf(context, error))),
    );
    void reading.then((text) => (end = text));
    while (!signal.aborted) {
      const isLast = end !== undefined;
      const lines = waiting.splice(0);
      if (lines.length > 0) await sink.write(event('log', JSON.stringify({ lines, skipped })));
      if (isLast && waiting.length === 0) break;
      if (!isLast) await context.clock.sleep(GATHER_MS, signal);
    }
    await reading;
    if (end !== undefined) await sink.write(end);
  }
}

/** One event; JSON has no line ends outside of its strings, and these are escaped. */
function event(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
