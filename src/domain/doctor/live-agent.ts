import { processesOfRun } from '../../adapters/process/process-table.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { workElsewhere } from '../runs/elsewhere.ts';
import { readRunRequest } from '../runs/run-request.ts';

/**
 * Whatever its session file says, or cannot say any more: no agent is at work on the issue.
 *
 * @throws AppError `busy` when one is
 */
export async function requireNoAgent({ home }: Pick<Context, 'home'>, ref: string | undefined): Promise<void> {
  const [away] = workElsewhere(home);
  if (away !== undefined) throw new AppError('busy', `${away}: run doctor --fix there, or when it has ended`);
  for (const id of await listDirectory(home.runs)) {
    const request = await readRunRequest({ home }, id).catch(() => undefined);
    if (request === undefined || request.issue_ref !== ref || processesOfRun(id).length === 0) continue;
    throw new AppError(
      'busy',
      `an agent is at work on ${ref ?? 'it'} (run ${id}): run doctor --fix again when it has ended`,
    );
  }
}
