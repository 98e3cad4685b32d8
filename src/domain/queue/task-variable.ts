import type { Context } from '../context.ts';
import { isTaskId } from '../issues/task-id.ts';

/** The environment variable that tells a kugetsu in an agent's run which PM task waits for what the run starts. */
export const TASK_VARIABLE = 'KUGETSU_TASK_ID';

/** The environment variable that tells a kugetsu in an agent's run which task the agent works for. */
export const ORIGIN_VARIABLE = 'KUGETSU_ORIGIN_TASK';

/** The PM task that waits for what this process starts; undefined outside of one. */
export function parentTask(env: Context['env']): string | undefined {
  return taskIn(env[TASK_VARIABLE]);
}

/** The task in whose run this process was called; undefined outside of one. */
export function originTask(env: Context['env']): string | undefined {
  return taskIn(env[ORIGIN_VARIABLE]) ?? parentTask(env);
}

function taskIn(id: string | undefined): string | undefined {
  return id !== undefined && isTaskId(id) ? id : undefined;
}
