import { listSettings } from '../../settings/list-settings.ts';
import { type Check, fine, note, wrong, type Finding } from '../check.ts';
import { pathExists } from '../../../adapters/store/paths.ts';
import { unlessDamaged, AppError } from '../../../util/errors.ts';
import { pasteQuote, plural } from '../../../util/text.ts';
import { said, words } from '../../../util/words.ts';
import { isUsableUrl, USABLE_URLS } from '../../servers/clone-url.ts';
import { listRepositories, type ListedRepository } from '../../servers/list-repositories.ts';

const CONFIG = 'config';

/** Every setting in the config file and the environment is known and has a valid value. */
export const configCheck: Check = {
  name: CONFIG,
  needsHome: false,
  async run(context) {
    const { problems } = await listSettings(context);
    if (problems.length === 0) return [fine(CONFIG, 'every setting can be read')];
    return problems.map(({ code, message, hint, overridden, blocks }) => {
      if (code === 'retired_setting') return note(CONFIG, message, hint.replace(/^run: /, ''));
      return wrong(overridden || blocks.length === 0 ? 'warning' : 'error', CONFIG, message, hint);
    });
  },
};

const REPOSITORIES = 'repository-settings';

/** Every setting of a repository in `repos.json` can mean something. A damaged file is found elsewhere. */
export const repositorySettingsCheck: Check = {
  name: REPOSITORIES,
  needsHome: false,
  async run(context) {
    const listed = (await listRepositories(context).catch(unlessUnreadable)) ?? [];
    const findings = await Promise.all(listed.map(async (entry) => findingsOf(context.home.reposFile, entry)));
    const wrongs = findings.flat();
    return wrongs.length > 0
      ? wrongs
      : [fine(REPOSITORIES, `${plural(listed.length, 'entry', 'entries')} of repos.json can be used`)];
  },
};

async function findingsOf(
  path: string,
  { key, repository, settings, problems, others }: ListedRepository,
): Promise<Finding[]> {
  const edit = `"\${EDITOR:-vi}" ${pasteQuote(path)}`;
  const { url, checkout } = settings;
  const bad = problems.map((problem) => wrong('error', REPOSITORIES, problem.message, `correct it: ${edit}`));
  const unusable = url !== undefined && !isUsableUrl(url);
  const gone = checkout !== undefined && !(await pathExists(checkout));
  const where = words`${path}: ${said(key, 100)}`;
  return [
    ...bad,
    ...(unusable ? [wrong('error', REPOSITORIES, words`${where}: url is not usable`, `${USABLE_URLS}: ${edit}`)] : []),
    ...(gone
      ? [
          wrong(
            'warning',
            REPOSITORIES,
            words`${where}: checkout ${said(checkout)} is not there`,
            `kugetsu repo set ${repository} checkout DIRECTORY`,
          ),
        ]
      : []),
    ...others.map((other) =>
      note(REPOSITORIES, words`${where}: ${said(other, 60)} is not a setting of kugetsu, and is left alone`),
    ),
  ];
}

function unlessUnreadable(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'bad_repository_setting') return undefined;
  return unlessDamaged(error);
}
