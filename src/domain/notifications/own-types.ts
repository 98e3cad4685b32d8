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
