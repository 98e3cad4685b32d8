import type { RunRecord } from '../../domain/runs/run-record.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { verdictText } from '../views/verdict.ts';

interface StopOptions {
  readonly what: string;
  readonly json: boolean;
}

/** Stops the agent of an issue, of a task or of a run, and says what it has left. */
export async function stop({ context }: Call, { what, json }: StopOptions): Promise<void> {
  const { stopRun } = await import('../../domain/work/stop-run.ts');
  const record = await stopRun(context, what);
  await printResult(context, { json, value: stopped(record) });
  if (!json && record.status.phase === 'ended') context.terminal.err(verdictText(record.status.verdict));
}

function stopped({ id, kind, subject, task, status }: RunRecord): Readonly<Record<string, unknown>> {
  return {
    run: id,
    kind,
    issue_ref: subject.type === 'issue' ? subject.ref : null,
    task,
    verdict: status.phase === 'ended' ? status.verdict : null,
  };
}
