import { dirname, join, resolve } from 'node:path';
import { tryGit, type Environment } from './git-command.ts';
import { plainText } from './plain-file.ts';
import { leadsToDirectory } from '../store/paths.ts';

/**
 * The URL of `origin` of the checkout that a directory is in, as its config has it; undefined outside of one, and without an
 * origin. Nothing of the checkout is run, and what its config includes is not read.
 */
export async function originOfCheckout(directory: string, env: Environment): Promise<string | undefined> {
  const metadata = await metadataAbove(directory);
  if (metadata === undefined) return undefined;
  const common = (await plainText(join(metadata, 'commondir')))?.trim() ?? '.';
  const config = join(resolve(metadata, common), 'config');
  const args = ['config', '--file', config, '--no-includes', '-z', '--get', 'remote.origin.url'];
  const { exitCode, stdout } = await tryGit(args, { cwd: '/', env });
  const url = stdout.replace(/\0.*$/s, '');
  return exitCode === 0 && url !== '' ? url : undefined;
}

/** The git directory of the nearest checkout at or above a directory: gitrepository-layout(5), `.git`, a directory or a file. */
async function metadataAbove(directory: string): Promise<string | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, '.git');
    if (await leadsToDirectory(path)) return path;
    const [, named] = /^gitdir: (.+)/.exec((await plainText(path)) ?? '') ?? [];
    if (named !== undefined) return resolve(at, named.trimEnd());
    if (at === dirname(at)) return undefined;
  }
}
