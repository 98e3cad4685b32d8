import { isLooseObject, type LooseObject } from '../../util/loose-object.ts';
import type { QueueItem } from './queue-item.ts';
import { TASK_STATES } from './task-states.ts';

const STATES: ReadonlySet<unknown> = new Set(TASK_STATES);
const OUTCOMES: ReadonlySet<unknown> = new Set([null, 'succeeded', 'failed', 'stopped', 'lost']);

/**
 * Whether a value is a task as the schema would leave it. For a long queue to ask the schema takes as long as all else
 * together; so this says yes to what most tasks are, and the schema is asked about the others: of a yes, it says the same.
 */
export function isPlainItem(value: unknown): value is QueueItem {
  return isLooseObject(value) && !Object.hasOwn(value, '__proto__') && hasKeys(value) && hasLaterKeys(value);
}

/** What every task has. */
function hasKeys(item: LooseObject): boolean {
  return (
    typeof item['id'] === 'string' &&
    (item['type'] === 'issue' || item['type'] === 'pm') &&
    isTextOrNull(item['issue_ref']) &&
    typeof item['message'] === 'string' &&
    STATES.has(item['state']) &&
    typeof item['created_at'] === 'string' &&
    isTextOrNull(item['finished_at']) &&
    Number.isSafeInteger(item['attempts']) &&
    isTextOrNull(item['next_attempt_at']) &&
    isFailure(item['failure']) &&
    isTextOrNull(item['parent']) &&
    isTextOrNull(item['origin']) &&
    isTextOrNull(item['limit_reached']) &&
    isTextOrNull(item['run_id']) &&
    item['claimed_by'] === null &&
    item['run'] === null &&
    isTextOrNull(item['session_id']) &&
    isEmpty(item['children']) &&
    isTextOrNull(item['reply'])
  );
}

/** What a task may have. */
function hasLaterKeys(item: LooseObject): boolean {
  return (
    item['fresh'] === undefined &&
    item['from'] === undefined &&
    item['pr'] === undefined &&
    item['done_when'] === undefined &&
    item['setup'] === undefined &&
    item['cancelled'] == null &&
    (item['priority'] === undefined || Number.isSafeInteger(item['priority'])) &&
    isText(item['place']) &&
    (item['after'] === undefined || areDependencies(item['after'])) &&
    (item['after_any'] === undefined || typeof item['after_any'] === 'boolean') &&
    isText(item['not_before']) &&
    (item['begun_at'] === undefined || isTextOrNull(item['begun_at'])) &&
    isText(item['retried_at']) &&
    (item['host'] === undefined || isTextOrNull(item['host']))
  );
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

/** Or missing. */
function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isFailure(value: unknown): boolean {
  if (value === null) return true;
  return (
    isLooseObject(value) &&
    !Object.hasOwn(value, '__proto__') &&
    ['class', 'message', 'at'].every((key) => typeof value[key] === 'string') &&
    (value['not_begun'] === undefined || typeof value['not_begun'] === 'boolean')
  );
}

function areDependencies(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (each: unknown) =>
        isLooseObject(each) &&
        !Object.hasOwn(each, '__proto__') &&
        typeof each['id'] === 'string' &&
        OUTCOMES.has(each['outcome']),
    )
  );
}
