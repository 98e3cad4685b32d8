import { AGENTS } from './agents.ts';
import { DAEMON } from './daemon.ts';
import type { Entry } from './entry.ts';
import { FLEET } from './fleet.ts';
import { HIDDEN } from './hidden.ts';
import { INSTALL } from './install.ts';
import { NOTIFY } from './notify.ts';
import { QUEUE } from './queue.ts';
import { REPOSITORIES } from './repositories.ts';
import { CONFIG, SERVERS } from './settings.ts';
import { LOOKING } from './looking.ts';
import { CLEANUP, DOCTOR } from './upkeep.ts';
import { VARIABLES } from './variables.ts';
import { WORKPLACES } from './workplaces.ts';

/** Every command, in the order in which help shows them. */
export const TABLE: readonly Entry[] = [
  ...AGENTS,
  ...WORKPLACES,
  ...CLEANUP,
  ...QUEUE,
  ...DAEMON,
  ...FLEET,
  ...NOTIFY,
  ...LOOKING,
  ...SERVERS,
  ...REPOSITORIES,
  ...CONFIG,
  ...VARIABLES,
  ...INSTALL,
  ...DOCTOR,
  ...HIDDEN,
];

/** The headings under which help shows the commands, by their first words. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'Work:': ['delegate', 'start', 'continue', 'stop', 'wait', 'attach', 'queue'],
  'Look:': ['list', 'watch', 'web', 'status', 'logs', 'show', 'diff', 'path', 'notify', 'stats', 'doctor'],
  'Set up:': ['init', 'queue-daemon', 'fleet', 'server', 'repo', 'config', 'env', 'skill', 'completion'],
  'Clean up:': ['rescued', 'prune', 'destroy'],
};

/** The heading of a command; commands of a group have one list, and hidden ones none. */
export function groupOf(words: string): string {
  const found = Object.entries(GROUPS).find(([, names]) => names.includes(words));
  return found?.[0] ?? 'Commands:';
}
