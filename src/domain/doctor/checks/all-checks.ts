import type { Check } from '../check.ts';
import { agentCheck } from './agent.ts';
import { configCheck, repositorySettingsCheck } from './settings.ts';
import { daemonCheck } from './daemon.ts';
import { diskFreeCheck, diskUsedCheck } from './disk.ts';
import { clockCheck, watchingCheck, networkHomeCheck } from './file-system.ts';
import { engineCheck } from './engine.ts';
import { baseCheck, pmAgentCheck } from './home-sessions.ts';
import { indexCheck } from './index-entries.ts';
import { issueSessionsCheck } from './issue-sessions.ts';
import { leftoversCheck, prunableCheck } from './leftovers.ts';
import { locksCheck } from './locks.ts';
import { modelsCheck } from './model.ts';
import { modesCheck } from './modes.ts';
import { fleetCheck } from './fleet.ts';
import { permissionsCheck } from './permissions.ts';
import { notificationsCheck } from './notifications.ts';
import { agentProgramsCheck, gitCheck, gitIdentityCheck, opencodeCheck } from './programs.ts';
import { repositoriesCheck } from './repositories.ts';
import { runsCheck } from './runs.ts';
import { stateFilesCheck } from './state-files.ts';
import { worktreesCheck } from './worktrees.ts';

/** Every check except the model's, which costs a question, in the order in which their repairs are applied. */
export const ALL_CHECKS: readonly Check[] = [
  opencodeCheck,
  agentCheck,
  modelsCheck,
  engineCheck,
  gitCheck,
  configCheck,
  repositorySettingsCheck,
  agentProgramsCheck,
  gitIdentityCheck,
  modesCheck,
  locksCheck,
  stateFilesCheck,
  indexCheck,
  runsCheck,
  baseCheck,
  pmAgentCheck,
  repositoriesCheck,
  worktreesCheck,
  issueSessionsCheck,
  permissionsCheck,
  daemonCheck,
  fleetCheck,
  notificationsCheck,
  diskFreeCheck,
  diskUsedCheck,
  networkHomeCheck,
  clockCheck,
  watchingCheck,
  leftoversCheck,
  prunableCheck,
];
