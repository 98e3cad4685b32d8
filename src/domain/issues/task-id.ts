import { randomBytes } from '../../adapters/random.ts';
import { timeOfId, timeOrderedId } from '../../util/ids.ts';
import type { Context } from '../context.ts';

/** How every task id begins. */
export const TASK_ID_PREFIX = 'q_';
const RANDOM_BYTES = 8;
const ITEM_ID = /^q_[0-9a-z]{9,40}$/;
/** The bash script's: a number of `date`, perhaps with something behind it that tells two of one second apart. */
const SCRIPT_ID = /^q_(\d{9,19})(?:[_-][0-9A-Za-z]{1,20}){0,3}$/;
/** The length of today's ids; the script's are shorter, or have something else than letters and digits in the middle. */
export const TASK_ID_LENGTH = timeOrderedId(TASK_ID_PREFIX, 0, new Uint8Array(RANDOM_BYTES)).length;

/** A new id for a task that is made at `ms` milliseconds since the epoch. */
export function newTaskId(ms: number): string {
  return timeOrderedId(TASK_ID_PREFIX, ms, randomBytes(RANDOM_BYTES));
}

/** Whether a text has the form of a task id. */
export function isTaskId(text: string): boolean {
  return ITEM_ID.test(text) || SCRIPT_ID.test(text);
}

function isTodays(id: string): boolean {
  return id.length === TASK_ID_LENGTH && !id.includes('_', TASK_ID_PREFIX.length) && !id.includes('-');
}

/** When a task of this id was made, in milliseconds since the epoch. */
export function madeAt(id: string): number {
  const number = isTodays(id) ? undefined : SCRIPT_ID.exec(id)?.[1];
  return number === undefined ? timeOfId(id, TASK_ID_PREFIX) : milliseconds(number);
}

/** Ids by the time at which their tasks were made, oldest first. */
export function byTime(ids: readonly string[]): string[] {
  const scripts = ids.filter((id) => !isTodays(id) && SCRIPT_ID.test(id));
  if (scripts.length === 0) return isSorted(ids) ? [...ids] : ids.toSorted();
  const keys = new Map(scripts.map((id) => [id, timeKey(id)]));
  const keyOf = (id: string): string => keys.get(id) ?? id;
  return ids.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** To see that costs less than to sort. */
function isSorted(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') <= id);
}

/** A text for a task id; such texts sort, by their characters, as their tasks were made. */
export function timeKey(id: string): string {
  return !isTodays(id) && SCRIPT_ID.test(id)
    ? `${timeOrderedId(TASK_ID_PREFIX, madeAt(id), new Uint8Array())}${id}`
    : id;
}

/** Seconds, or as many digits more as the script asked `date` for. */
function milliseconds(number: string): number {
  const whole = Number(number.slice(0, 13));
  return number.length <= 11 ? whole * 1000 : whole;
}

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
