import type { Context } from '../context.ts';
import { isTaskId } from './task-id.ts';

/** The environment variable that tells a kugetsu in a PM agent's run which task it is called for. */
export const TASK_VARIABLE = 'KUGETSU_TASK_ID';

/** The task in whose run this process was called; undefined outside of one. */
export function parentTask(env: Context['env']): string | undefined {
  const id = env[TASK_VARIABLE];
  return id !== undefined && isTaskId(id) ? id : undefined;
}
