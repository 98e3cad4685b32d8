import type { FileForm } from '../../adapters/store/json-file.ts';
import { isLooseObject, textOf, type LooseObject } from '../../util/loose-object.ts';
import { isoWithOffset } from '../../util/time.ts';
import { formatIssueRef, parseIssueRef } from '../issues/issue-ref.ts';
import { madeAt } from '../issues/task-id.ts';
import type { QueueItem, QueueItemSchema } from './queue-item.ts';
import { TASK_STATES } from './task-states.ts';

/** What the file of a task holds. The bash script's have fewer keys: the rest follows from its issue, and its id. */
export function formOfItem(id: string): FileForm<typeof QueueItemSchema> {
  const complete = (value: unknown): unknown =>
    isLooseObject(value) && value['type'] === undefined ? completeItem(value, id) : value;
  return { schema: schemaOfItem, what: 'task', complete, isPlain: isPlainItem };
}

async function schemaOfItem(): Promise<typeof QueueItemSchema> {
  return (await import('./queue-item.ts')).QueueItemSchema;
}

function completeItem(value: LooseObject, id: string): LooseObject {
  const { state = 'pending', attempts = 0, next_attempt_at = null, failure = null, parent = null } = value;
  const given = textOf(value['issue_ref']);
  const ref = given === undefined ? undefined : knownRef(given);
  return {
    id,
    ...value,
    type: ref === undefined ? 'pm' : 'issue',
    issue_ref: ref ?? null,
    message: withRef(value['message'], ref === undefined ? given : undefined),
    state,
    created_at: createdAt(value['created_at'], id),
    attempts: typeof attempts === 'string' && /^\d{1,3}$/.test(attempts) ? Number(attempts) : attempts,
    next_attempt_at,
    failure,
    parent,
  };
}

function knownRef(text: string): string | undefined {
  try {
    return formatIssueRef(parseIssueRef(text));
  } catch {
    return undefined;
  }
}

/** What is no whole ref may still tell the PM agent what the task is about. */
function withRef(message: unknown, given: string | undefined): unknown {
  if (typeof message !== 'string' || given === undefined || message.includes(given)) return message;
  return `${given}: ${message}`;
}

function createdAt(given: unknown, id: string): unknown {
  // `date +%s`
  if (typeof given === 'number') return isoWithOffset(given * 1000);
  return textOf(given) ?? isoWithOffset(madeAt(id));
}

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
