import { RUNNER_COMMAND } from '../../domain/runs/runner-command.ts';
import type { Registration } from '../program.ts';

/** The hidden command that supervises one run; kugetsu starts it by itself. */
export function registerRunner({ program, context }: Registration): void {
  program
    .command(RUNNER_COMMAND, { hidden: true })
    .argument('<run-id>')
    .action(async (runId: string) => {
      const { runRunner } = await import('../../domain/sessions/run-runner.ts');
      await runRunner(context, runId, context.gracefulStop());
    });
}
