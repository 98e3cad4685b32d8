import * as z from 'zod/mini';
import { parseJson } from '../../util/loose-object.ts';
import type { RightsLack, SessionRights } from '../engine/session-rights.ts';
import { lackOfRules, type PermissionRule, rulesOf as rulesOfVersionOne } from '../opencode/permissions.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One of the permission rules of opencode 2; the last that matches wins. */
export interface Rule {
  readonly action: string;
  readonly resource: string;
  readonly effect: 'allow' | 'deny' | 'ask';
}

// What opencode 2 has no more.
const GONE = new Set(['doom_loop']);

/** The rights of a session as opencode 2 has them: what no rule denies or asks about, its own agents decide. */
export function rulesOf(rights: SessionRights, env: Environment): readonly Rule[] {
  const rules = rulesOfVersionOne(rights)
    .filter(({ permission }) => !GONE.has(permission))
    .map(({ permission, pattern, action }) => ({ action: permission, resource: pattern, effect: action }));
  if (rights.kind !== 'unattended') return rules;
  // Its own agents may read there what their commands printed, which a rule of the session for all directories takes away.
  const own = { action: 'external_directory', resource: `${dataDirectory(env)}/shell/*/*`, effect: 'allow' } as const;
  return [...rules.slice(0, 1), own, ...rules.slice(1)];
}

function dataDirectory(env: Environment): string {
  const data = env['XDG_DATA_HOME'] ?? '';
  return `${data === '' ? `${env['HOME'] ?? ''}/.local/share` : data}/opencode`;
}

const StoredRulesSchema = z.array(
  z.object({ action: z.string(), resource: z.string(), effect: z.enum(['allow', 'deny', 'ask']) }),
);

/** Why a session with these stored rules does not have these rights; undefined when every denial of theirs wins. */
export function whatRulesLack(stored: string | null, rights: SessionRights, env: Environment): RightsLack | undefined {
  if (stored === null) return { kind: 'missing', message: 'it has no permission rules' };
  const rules = StoredRulesSchema.safeParse(parseJson(stored)).data;
  if (rules === undefined) return { kind: 'unreadable', message: 'its permission rules cannot be read' };
  return lackOfRules(rules.map(inWordsOfOne), rulesOf(rights, env).map(inWordsOfOne));
}

/** A rule in the words that kugetsu tells rules in. */
export function inWordsOfOne({ action, resource, effect }: Rule): PermissionRule {
  return { permission: action, pattern: resource, action: effect };
}

/** Whether these rules deny something that opencode asks about; what they say nothing of is theirs to allow. */
export function isDenied(rules: readonly Rule[], action: string, resources: readonly string[]): boolean {
  const effects = resources.map((resource) => rules.findLast((rule) => matches(rule, action, resource))?.effect);
  return effects.includes('deny');
}

function matches(rule: Rule, action: string, resource: string): boolean {
  return matchesPattern(rule.action, action) && matchesPattern(rule.resource, resource);
}

/** `*` stands for any characters, slashes too, and `?` for one. */
function matchesPattern(pattern: string, text: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
