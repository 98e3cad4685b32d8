import type { Database } from '../../../adapters/postgres/database.ts';
import { listen } from '../../../adapters/postgres/connect.ts';
import type { Context } from '../../context.ts';
import type { Watch } from '../queue-store.ts';

/** What is sent to find out whether anything arrives; it wakes nobody. */
const PROBE = 'probe';
/** How long a change may take to be noticed, in milliseconds. */
const HEARING_MS = 5000;
const PROBE_EVERY_MS = 500;

/** Calls `onChange` when another program says that it has changed something, and after the connection was lost for a while. */
export function watchTable(
  { clock, env }: Pick<Context, 'clock' | 'env'>,
  database: Database,
  onChange: () => void,
): Watch {
  const { schema } = database.address;
  const heard = new AbortController();
  const listening = listen(database.address, {
    channel: schema,
    password: env['PGPASSWORD'],
    clock,
    heard(payload) {
      if (payload === PROBE) heard.abort();
      else onChange();
    },
  });
  return {
    // A pool between here and the server takes the wish to listen, and then nothing arrives.
    async deafness(signal) {
      const end = clock.monotonic() + HEARING_MS;
      while (!heard.signal.aborted && !signal.aborted && clock.monotonic() < end) {
        if (listening.working()) await database.write(`select pg_notify('${schema}', '${PROBE}')`);
        await clock.sleep(PROBE_EVERY_MS, AbortSignal.any([heard.signal, signal]));
      }
      if (heard.signal.aborted) return undefined;
      return listening.working()
        ? 'LISTEN is not heard (through a connection pool?)'
        : 'the server gives no connection to listen on';
    },
    close: () => listening.close(),
  };
}
