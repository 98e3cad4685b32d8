import { makePrivateDirectory } from '../store/private-files.ts';
import { KUGETSU_IDENTITY } from './identity.ts';
import { git, type Environment } from './git-command.ts';
import { atPlainGitDirectory } from './git-place.ts';

/** Makes a bare repository at `path` whose branch `main` has one commit with one file. */
export async function makeScratchRepository(path: string, env: Environment): Promise<void> {
  await makePrivateDirectory(path);
  const inside = { cwd: path, env, extraEnv: { ...KUGETSU_IDENTITY, GIT_DIR: path } };
  await git(
    ['init', '--quiet', '--bare', '--template=', '--object-format=sha1', '--initial-branch=main', path],
    inside,
  );
  const blob = await git(['hash-object', '-w', '--stdin'], {
    ...inside,
    input: '# A repository to try kugetsu with\n',
  });
  const tree = await git(['mktree'], { ...inside, input: `100644 blob ${blob.trim()}\tREADME.md\n` });
  const commit = await git(['commit-tree', '-m', 'First commit', tree.trim()], inside);
  await git(['update-ref', 'refs/heads/main', commit.trim()], inside);
}

/** Every ref of a repository with what it names, as one text to compare. */
export async function allRefs(path: string, env: Environment): Promise<string> {
  return git(['for-each-ref', '--format=%(refname) %(objectname)'], atPlainGitDirectory(path, env));
}
