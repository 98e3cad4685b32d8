import { gitVersion } from '../../../adapters/git/git-version.ts';
import { AppError, wordsOf } from '../../../util/errors.ts';
import type { Check } from '../check.ts';
import { fine, wrong, type Finding } from '../finding.ts';

/** opencode is there, new enough and able. */
export const opencodeCheck: Check = {
  name: 'opencode',
  needsHome: false,
  run: async ({ opencode }) =>
    found('opencode', async () => {
      const { version, path } = await opencode.probe();
      return `opencode ${version} (${path})`;
    }),
};

/** git is there and new enough. */
export const gitCheck: Check = {
  name: 'git',
  needsHome: false,
  run: async ({ cwd, env }) => found('git', async () => `git ${await gitVersion(cwd, env)}`),
};

async function found(check: string, describe: () => Promise<string>): Promise<Finding[]> {
  try {
    return [fine(check, await describe())];
  } catch (error) {
    const hint = error instanceof AppError ? error.hint : undefined;
    return [wrong('error', check, wordsOf(error), hint ?? `install ${check}`)];
  }
}
