import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plural } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';
import { futureTime } from './task-options.ts';

interface PauseOptions {
  readonly reason: string | undefined;
  readonly until: string | undefined;
  readonly wait: boolean;
  readonly json: boolean;
}

const POLL_MS = 200;

/** Pauses the queue; with `wait`, returns when no agent is at work any more. */
export async function pause({ context }: Call, { reason, until, wait, json }: PauseOptions): Promise<void> {
  if (reason?.trim() === '') throw usageError('the reason is empty', 'leave --reason out, or say why');
  const { pauseQueue } = await import('../../domain/queue/pause.ts');
  const { pausedWords } = await import('../../domain/queue/reason-words.ts');
  const end = until === undefined ? null : isoWithOffset(await futureTime(context, until));
  const paused = await pauseQueue(context, { reason: reason?.trim() ?? null, until: end });
  const { liveRunSubjects } = await import('../../domain/work/live-runs.ts');
  const atWork = await liveRunSubjects(context);
  const now = await context.queue.now();
  if (!json) {
    const others = atWork.length === 0 ? '' : `; ${plural(atWork.length, 'agent')} at work go on`;
    context.terminal.err(`the queue is ${pausedWords({ ...paused, why: paused.reason }, now)}${others}`);
  }
  if (wait) await untilNobodyWorks(context);
  await printResult(context, { json, value: { ...paused, at_work: wait ? [] : atWork }, line: true });
}

async function untilNobodyWorks(context: CliContext): Promise<void> {
  const { liveRunSubjects } = await import('../../domain/work/live-runs.ts');
  const signal = context.gracefulStop();
  while ((await liveRunSubjects(context)).length > 0) {
    await context.clock.sleep(POLL_MS, signal);
    if (signal.aborted) {
      throw new AppError('interrupted', 'interrupted: the queue is paused, and agents are at work', {
        hint: 'run: kugetsu list',
        exit: EXIT.interrupted,
      });
    }
  }
}

/** Lets tasks be dispatched again. */
export async function resume({ context }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { resumeQueue } = await import('../../domain/queue/pause.ts');
  const { tellUndispatched } = await import('./kit.ts');
  const ended = await resumeQueue(context);
  await printResult(context, { json, value: { resumed: ended !== undefined, pause: ended ?? null }, line: true });
  if (!json) context.terminal.err(ended === undefined ? 'the queue was not paused' : 'the queue goes on');
  await tellUndispatched(context, '');
}
