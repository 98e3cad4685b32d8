import { removeFile, unlinkFile } from '../../adapters/store/private-files.ts';
import type { Database } from '../../adapters/postgres/database.ts';
import type { Context } from '../queue/context.ts';
import { FileQueue } from '../queue/file-queue.ts';
import { itemPath } from '../queue/item-path.ts';
import { Hosts } from '../queue/table/hosts.ts';
import { fleetDatabase } from '../queue/table/open-table.ts';
import { tasksIn } from '../queue/table/task-rows.ts';
import { forgetBase } from './base-of-home.ts';
import { handOverIssues, handOverKept } from './hand-over.ts';
import { requireMember, requireQuiet } from './member.ts';
import { unpushedWork, type UnpushedWork } from './unpushed-work.ts';

/** What became of a home that has left. */
interface Left {
  readonly host: string;
  /** How many tasks are in the files of this home again. */
  readonly tasks: number;
  /** Its issues that others could not go on with as they are, and what only this home has of them. */
  readonly left: readonly UnpushedWork[];
}

/**
 * Takes this home out of its fleet. The tasks of its issues that wait come along; all others stay with the fleet. Whoever was
 * interrupted at it calls it again.
 *
 * @throws AppError `no_fleet`, `busy` (exit code 4) while an agent is at work, `queue_unreachable`
 */
export async function leaveFleet(context: Context): Promise<Left> {
  const member = await requireMember(context);
  const database = fleetDatabase(context, member.url);
  try {
    await requireQuiet(context);
    // What could not be handed over before is the fleet's, too.
    await handOverIssues(context);
    await handOverKept(context);
    // Without the host nothing is known of its issues.
    const left = await unpushedWork(context, member.host);
    const tasks = await bringBack(context, database, member.host);
    await new Hosts(database).remove(member.host);
    await forgetBase(context);
    await unlinkFile(context.home.fleet);
    return { host: member.host, tasks, left };
  } finally {
    await database.close();
  }
}

/** Until the host is gone nobody else takes these, so that a task may be in both for a moment. */
async function bringBack(context: Context, database: Database, host: string): Promise<number> {
  const { schema } = database.address;
  const files = new FileQueue(context);
  const rows = await database.read(
    `select id, task.doc::text from ${schema}.task join ${schema}.issue on ref = issue_ref
    where state = 'pending' and issue.host = $1`,
    [host],
  );
  const { items } = await tasksIn(rows);
  let count = 0;
  for (const item of items) {
    await files.add(item);
    const { rows: gone } = await database.write(
      `delete from ${schema}.task where id = $1 and state = 'pending' returning id`,
      [item.id],
    );
    // Somebody has ended it meanwhile, or an earlier try has brought it.
    if (gone.length === 0 && (await context.queue.read(item.id)) !== undefined) {
      await removeFile(itemPath(context.home, item.id));
    } else count += 1;
  }
  return count;
}
