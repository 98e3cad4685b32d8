/** The states of a task, in the order in which it passes through them. The command line knows them too, and loads no schema. */
export const TASK_STATES = ['pending', 'notified', 'completed', 'error'] as const;
