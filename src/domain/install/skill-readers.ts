/**
 * For whom the skill is installed. opencode 1.18 reads the directories of all three (measured with `opencode debug skill`);
 * `claude` and `agents` are those that other programs read, too.
 */
export const SKILL_READERS = ['opencode', 'claude', 'agents'] as const;

export type SkillReader = (typeof SKILL_READERS)[number];
