import { pathExists } from '../../../adapters/store/paths.ts';
import { unlessDamaged, AppError } from '../../../util/errors.ts';
import { pasteQuote, plural } from '../../../util/text.ts';
import { said, words } from '../../../util/words.ts';
import { isUsableUrl, USABLE_URLS } from '../../servers/clone-url.ts';
import { listRepositories, type ListedRepository } from '../../servers/list-repositories.ts';
import type { Check } from '../check.ts';
import { fine, note, wrong, type Finding } from '../finding.ts';

const NAME = 'repository-settings';

/** Every setting of a repository in `repos.json` can mean something. A damaged file is found elsewhere. */
export const repositorySettingsCheck: Check = {
  name: NAME,
  needsHome: false,
  async run(context) {
    const listed = (await listRepositories(context).catch(unlessUnreadable)) ?? [];
    const findings = await Promise.all(listed.map(async (entry) => findingsOf(context.home.reposFile, entry)));
    const wrongs = findings.flat();
    return wrongs.length > 0
      ? wrongs
      : [fine(NAME, `${plural(listed.length, 'entry', 'entries')} of repos.json can be used`)];
  },
};

async function findingsOf(
  path: string,
  { key, repository, settings, problems, others }: ListedRepository,
): Promise<Finding[]> {
  const edit = `"\${EDITOR:-vi}" ${pasteQuote(path)}`;
  const { url, checkout } = settings;
  const bad = problems.map((problem) => wrong('error', NAME, problem.message, `correct it: ${edit}`));
  const unusable = url !== undefined && !isUsableUrl(url);
  const gone = checkout !== undefined && !(await pathExists(checkout));
  const where = words`${path}: ${said(key, 100)}`;
  return [
    ...bad,
    ...(unusable ? [wrong('error', NAME, words`${where}: url is not usable`, `${USABLE_URLS}: ${edit}`)] : []),
    ...(gone
      ? [
          wrong(
            'warning',
            NAME,
            words`${where}: checkout ${said(checkout)} is not there`,
            `kugetsu repo set ${repository} checkout DIRECTORY`,
          ),
        ]
      : []),
    ...others.map((other) =>
      note(NAME, words`${where}: ${said(other, 60)} is not a setting of kugetsu, and is left alone`),
    ),
  ];
}

function unlessUnreadable(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'bad_repository_setting') return undefined;
  return unlessDamaged(error);
}
