import { processesOfRun } from '../../adapters/process/process-table.ts';
import { listDirectory } from '../../adapters/store/directory.ts';
import { AppError } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import { workElsewhere } from '../runs/elsewhere.ts';
import { issueOfRun } from '../runs/run-request.ts';

/**
 * Whatever its session file says, or cannot say any more: no agent is at work on the issue.
 *
 * @throws AppError `busy` when one is
 */
export async function requireNoAgent({ home }: Pick<Context, 'home'>, ref: string | undefined): Promise<void> {
  requireNothingElsewhere(home);
  for (const id of new Set((await listDirectory(home.runs)).map((name) => name.replace(/\.json$/, '')))) {
    if (processesOfRun(id).length === 0 || (await issueOfRun({ home }, id)) !== ref) continue;
    throw new AppError(
      'busy',
      `an agent is at work on ${ref ?? 'it'} (run ${id}): run doctor --fix again when it has ended`,
    );
  }
}

/** No process of the run is alive. @throws AppError `busy` when one is */
export async function requireNoProcess({ home }: Pick<Context, 'home'>, id: string): Promise<void> {
  requireNothingElsewhere(home);
  if (processesOfRun(id).length === 0) return;
  throw new AppError('busy', `the run ${id} has not ended: run doctor --fix again when it has`);
}

function requireNothingElsewhere(home: Context['home']): void {
  const [away] = workElsewhere(home);
  if (away !== undefined) throw new AppError('busy', `${away}: run doctor --fix there, or when it has ended`);
}
