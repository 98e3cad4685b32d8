import { RUNNER_COMMAND } from '../../domain/runs/runner-command.ts';
import type { Call, Registration } from '../registration.ts';

/** The hidden command that supervises one run; kugetsu starts it by itself. */
export function registerRunner(registration: Registration): void {
  registration.program
    .command(RUNNER_COMMAND, { hidden: true })
    .argument('<run-id>')
    .action(async (runId: string) => runner(registration, runId));
}

/** Sees a run through. */
export async function runner({ context }: Call, runId: string): Promise<void> {
  const { runRunner } = await import('../../domain/work/run-runner.ts');
  await runRunner(context, runId, context.gracefulStop());
}
