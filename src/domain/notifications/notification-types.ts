/** The types of notifications that kugetsu itself sends; agents may send others. */
export const OWN_TYPES = [
  'task_queued',
  'task_dequeued',
  'task_waiting',
  'task_started',
  'task_completed',
  'task_error',
  'work_saved',
  'work_unpushed',
] as const;

export type TaskNotificationType = (typeof OWN_TYPES)[number];

/**
 * Whether NOTIFY_TYPES asks for notifications of this type: `all`, the type by its name, or `others` for each that kugetsu
 * does not send by itself.
 */
export function isWanted(type: string, wanted: readonly string[]): boolean {
  const isOwn = OWN_TYPES.some((own) => own === type);
  return wanted.includes('all') || wanted.includes(type) || (!isOwn && wanted.includes('others'));
}
