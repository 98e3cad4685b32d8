import { parseJson } from '../../adapters/store/json-file.ts';
import { CLOSED } from './breaker.ts';
import { BreakerSchema, type Breaker } from './breaker-schema.ts';
import type { Context } from './context.ts';

type QueueOnly = Pick<Context, 'queue'>;

/** The breaker that all hosts of a fleet have together. @throws AppError `corrupt_file`, `queue_unreachable` */
export async function readFleetBreaker({ queue }: QueueOnly): Promise<Breaker> {
  return parsed(await queue.fleet.breaker());
}

/** Changes it, alone at it, as the breaker of a home is changed. */
export async function changeFleetBreaker(
  { queue }: QueueOnly,
  change: (breaker: Breaker) => Breaker,
): Promise<Breaker> {
  for (;;) {
    const text = await queue.fleet.breaker();
    const before = await parsed(text).catch(() => CLOSED);
    const after = change(before);
    if (after === before && (after !== CLOSED || text === undefined)) return before;
    const next = after === CLOSED ? undefined : JSON.stringify(after);
    if (await queue.fleet.putBreaker(text, next)) return after;
  }
}

async function parsed(text: string | undefined): Promise<Breaker> {
  if (text === undefined) return CLOSED;
  return parseJson({
    path: 'the breaker of the fleet',
    text,
    form: { schema: BreakerSchema, what: 'breaker of the fleet' },
  });
}
