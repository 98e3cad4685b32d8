import type { Database } from '../../adapters/postgres/database.ts';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Context } from '../queue/context.ts';
import { readMember, type Membership } from '../queue/fleet-file.ts';
import { fleetDatabase } from '../queue/table/open-table.ts';
import { readSoundIssueSessions } from '../sessions/read-sessions.ts';
import { openRuns } from '../work/live-runs.ts';

/** The fleet that this home is in. @throws AppError `no_fleet` (exit code 1) */
export async function requireMember(context: Pick<Context, 'home' | 'env'>): Promise<Membership> {
  const member = await readMember(context);
  if (member !== undefined) return member;
  throw new AppError('no_fleet', 'this home is in no fleet', { hint: 'run: kugetsu fleet join URL' });
}

/** Gives `body` the server of the fleet that this home is in. @throws AppError `no_fleet` (exit code 1), and what `body` throws */
export async function withFleet<T>(
  context: Pick<Context, 'home' | 'env'>,
  body: (database: Database, member: Membership) => Promise<T>,
): Promise<T> {
  const member = await requireMember(context);
  const database = fleetDatabase(context, member.url);
  try {
    return await body(database, member);
  } finally {
    await database.close();
  }
}

/** @throws AppError `busy` (exit code 4) while an agent is at work: its end would look for its task in the other queue */
export async function requireQuiet(context: Context): Promise<void> {
  const { items } = await context.queue.all();
  const runs = await openRuns(context, { sessions: await readSoundIssueSessions(context), items });
  if (runs.length === 0) return;
  throw new AppError('busy', `agents are at work: ${runs.map(({ id }) => id).join(', ')}`, {
    hint: 'to wait for them, run: kugetsu wait; to end them, run: kugetsu stop',
    exit: EXIT.busy,
  });
}
