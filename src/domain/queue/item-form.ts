import type { FileForm } from '../../adapters/store/json-file.ts';
import { isLooseObject, textOf, type LooseObject } from '../../util/loose-object.ts';
import { isoWithOffset } from '../../util/time.ts';
import { formatIssueRef, parseIssueRef } from '../issues/issue-ref.ts';
import { isPlainItem } from './plain-item.ts';
import type { QueueItemSchema } from './queue-item.ts';
import { madeAt } from '../issues/task-id.ts';

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
