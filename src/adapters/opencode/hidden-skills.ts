import { isLooseObject } from '../../util/loose-object.ts';

type Env = Readonly<Record<string, string | undefined>>;

const VARIABLE = 'OPENCODE_PERMISSION';

// Measured with opencode 1.18.33: which skills a model is offered is decided by the permission of the agent, which the
// configuration makes, and not by that of the session. What this variable has is merged into the configuration key by key, so
// the name `skill` would replace a user's own `"skill": "deny"`; a pattern that means the same stands beside it, and behind.
const SKILL = 'skil?';

/** An environment in which opencode offers its agents none of these skills, and refuses to load them. */
export function withoutSkills(env: Env, names: readonly string[]): Env {
  const given = env[VARIABLE] ?? '';
  const before = parse(given.trim() === '' ? '{}' : given);
  // One that opencode cannot read either is left for it to complain of.
  if (names.length === 0 || !isLooseObject(before)) return env;
  const own = isLooseObject(before[SKILL]) ? before[SKILL] : {};
  const denied = Object.fromEntries(names.map((name) => [name, 'deny']));
  const { [SKILL]: _, ...others } = before;
  return { ...env, [VARIABLE]: JSON.stringify({ ...others, [SKILL]: { ...own, ...denied } }) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
