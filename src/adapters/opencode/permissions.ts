import * as z from 'zod/mini';
import type { RightsLack, SessionRights } from '../engine/session-rights.ts';

/** One of opencode's permission rules; the last that matches wins. */
export interface PermissionRule {
  readonly permission: string;
  readonly pattern: string;
  readonly action: 'allow' | 'deny' | 'ask';
}

// A rule for some paths of a tool would offer that tool to the model.
const NOTHING: readonly PermissionRule[] = [{ permission: '*', pattern: '*', action: 'deny' }];

/** The rights of a session as opencode 1.18 has them: what no rule denies or asks about, its own agents decide. */
export function rulesOf(rights: SessionRights): readonly PermissionRule[] {
  switch (rights.kind) {
    case 'unattended':
      return unattendedRules(rights.writable);
    case 'attended':
      return [];
    case 'words_only':
      return NOTHING;
  }
}

function unattendedRules(writable: readonly string[]): PermissionRule[] {
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

const StoredRulesSchema = z.array(
  z.object({ permission: z.string(), pattern: z.string(), action: z.enum(['allow', 'deny', 'ask']) }),
);

/** What is asked for a path: an exception for some paths lifts the denial for these only. */
const BY_PATH = new Set(['external_directory', 'read']);

/**
 * Why a session with these stored rules does not have these rights; undefined when every denial of theirs wins. The last
 * rule that matches wins, so no later one may lift a denial.
 */
export function whatRulesLack(stored: string | null, rights: SessionRights): RightsLack | undefined {
  if (stored === null) return { kind: 'missing', message: 'it has no permission rules' };
  const rules = StoredRulesSchema.safeParse(parseJson(stored)).data;
  if (rules === undefined) return { kind: 'unreadable', message: 'its permission rules cannot be read' };
  return lackOfRules(rules, rulesOf(rights));
}

/** What `rules` do not deny, though `wanted` do. */
export function lackOfRules(
  rules: readonly PermissionRule[],
  wanted: readonly PermissionRule[],
): RightsLack | undefined {
  const lifted = wanted.find((rule) => rule.action === 'deny' && !isDenied(rules, rule));
  if (lifted === undefined) return undefined;
  return { kind: 'lifted', message: `it does not deny ${lifted.permission} ${lifted.pattern}` };
}

function isDenied(rules: readonly PermissionRule[], { permission, pattern }: PermissionRule): boolean {
  const denial = rules.findLastIndex(
    (rule) => rule.action === 'deny' && covers(rule.permission, permission) && covers(rule.pattern, pattern),
  );
  const later = rules.slice(denial + 1).filter((rule) => rule.action !== 'deny' && covers(rule.permission, permission));
  const isException = (rule: PermissionRule): boolean =>
    rule.action === 'allow' && BY_PATH.has(permission) && !covers(rule.pattern, pattern);
  return denial !== -1 && later.every(isException);
}

/** Whether a pattern that is `*`, or the very same, covers another one; what is more subtle does not count. */
function covers(pattern: string, text: string): boolean {
  return pattern === '*' || pattern === text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
