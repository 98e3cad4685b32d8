import type { Environment } from './git-command.ts';

const NAME = 'kugetsu';

/** By which kugetsu knows its own commits again. */
export const KUGETSU_EMAIL = 'kugetsu@localhost';

/** In whose name kugetsu makes commits: git makes none without. */
export const KUGETSU_IDENTITY: Environment = {
  GIT_AUTHOR_NAME: NAME,
  GIT_AUTHOR_EMAIL: KUGETSU_EMAIL,
  GIT_COMMITTER_NAME: NAME,
  GIT_COMMITTER_EMAIL: KUGETSU_EMAIL,
};
