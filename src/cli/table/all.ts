import { AGENTS } from './agents.ts';
import { DAEMON } from './daemon.ts';
import type { Entry } from './entry.ts';
import { HIDDEN } from './hidden.ts';
import { INSTALL } from './install.ts';
import { NOTIFY } from './notify.ts';
import { QUEUE } from './queue.ts';
import { REPOSITORIES } from './repositories.ts';
import { CONFIG, SERVERS } from './settings.ts';
import { CLEANUP, DOCTOR } from './upkeep.ts';
import { VARIABLES } from './variables.ts';

/** Every command, in the order in which help shows them. */
export const TABLE: readonly Entry[] = [
  ...AGENTS,
  ...CLEANUP,
  ...QUEUE,
  ...DAEMON,
  ...NOTIFY,
  ...SERVERS,
  ...REPOSITORIES,
  ...CONFIG,
  ...VARIABLES,
  ...INSTALL,
  ...DOCTOR,
  ...HIDDEN,
];
