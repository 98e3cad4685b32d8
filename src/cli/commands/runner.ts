import type { Call } from '../call.ts';

/** Sees a run through. */
export async function runner({ context }: Call, { runId }: { readonly runId: string }): Promise<void> {
  const { runRunner } = await import('../../domain/work/run-runner.ts');
  await runRunner(context, runId, context.gracefulStop());
}
