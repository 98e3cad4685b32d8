import type { FixedPermissions } from '../../domain/doctor/permissions.ts';

/** The rules, and what was done for each session. */
export function renderPermissions({ rules, sessions }: FixedPermissions): string {
  return [
    'permission rules (the last that matches wins):',
    ...rules.map(({ permission, pattern, action }) => `  ${action.padEnd(6)}${permission} ${pattern}`),
    ...sessions.map(({ subject, session_id: id, outcome, reason }) =>
      [`${subject} ${id}: ${outcome}`, ...(reason === null ? [] : [reason])].join(': '),
    ),
  ].join('\n');
}
