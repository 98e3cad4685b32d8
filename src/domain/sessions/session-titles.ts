import { AppError } from '../../util/errors.ts';
import { parseIssueRef, formatIssueRef } from '../issues/issue-ref.ts';
import { isTaskId } from '../issues/task-id.ts';

/** How the titles of all sessions begin that kugetsu makes in opencode. */
export const TITLE_PREFIX = 'kugetsu ';

/** The title of the base session. */
export const BASE_TITLE = `${TITLE_PREFIX}base`;

/** The title of the PM agent's session. */
export const PM_AGENT_TITLE = `${TITLE_PREFIX}PM agent`;

/** The title of the sessions in which doctor asks the model; they live for seconds. */
export const DOCTOR_TITLE = `${TITLE_PREFIX}doctor`;

const PM_TASK_PREFIX = `${TITLE_PREFIX}PM `;

/** The title of the session of an issue. */
export function issueTitle(ref: string): string {
  return `${TITLE_PREFIX}${ref}`;
}

/** The title of the PM agent's fork for one task. */
export function pmTaskTitle(task: string): string {
  return `${PM_TASK_PREFIX}${task}`;
}

/** What kugetsu makes a session for. */
export type SessionPurpose =
  | { readonly kind: 'base' | 'pm_agent' | 'doctor' }
  | { readonly kind: 'pm_task'; readonly task: string }
  | { readonly kind: 'issue'; readonly ref: string };

/** What a session with this title is for; undefined for a title that kugetsu does not give. */
export function purposeOf(title: string): SessionPurpose | undefined {
  if (title === BASE_TITLE) return { kind: 'base' };
  if (title === PM_AGENT_TITLE) return { kind: 'pm_agent' };
  if (title === DOCTOR_TITLE) return { kind: 'doctor' };
  const task = title.slice(PM_TASK_PREFIX.length);
  if (title.startsWith(PM_TASK_PREFIX) && isTaskId(task)) return { kind: 'pm_task', task };
  const ref = title.slice(TITLE_PREFIX.length);
  return title.startsWith(TITLE_PREFIX) && isRef(ref) ? { kind: 'issue', ref } : undefined;
}

function isRef(text: string): boolean {
  try {
    return formatIssueRef(parseIssueRef(text)) === text;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}
