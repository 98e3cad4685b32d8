/** One of opencode's permission rules; the last that matches wins. */
export interface PermissionRule {
  readonly permission: string;
  readonly pattern: string;
  readonly action: 'allow' | 'deny' | 'ask';
}

/**
 * The rules of a session that nobody watches: what would ask a person is denied, because a denial is an error that the
 * model sees and works around, while a question waits for ever. `writable` are the directories outside the worktree that
 * an agent may use.
 */
export function headlessPermission(writable: readonly string[]): PermissionRule[] {
  return [
    { permission: 'external_directory', pattern: '*', action: 'deny' },
    ...writable.map((directory) => ({
      permission: 'external_directory',
      pattern: `${directory}/*`,
      action: 'allow' as const,
    })),
    { permission: 'doom_loop', pattern: '*', action: 'deny' },
    { permission: 'read', pattern: '*.env', action: 'deny' },
    { permission: 'question', pattern: '*', action: 'deny' },
    { permission: 'plan_enter', pattern: '*', action: 'deny' },
    { permission: 'plan_exit', pattern: '*', action: 'deny' },
  ];
}
