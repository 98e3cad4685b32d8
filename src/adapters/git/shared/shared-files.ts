import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { plural } from '../../../util/text.ts';
import { exists } from '../../store/paths.ts';
import { closedMode } from '../open-modes.ts';
import { HEAD } from '../own-directory.ts';
import { plainText } from '../plain-file.ts';
import { chmod } from '../../store/changes.ts';
import { replaceFile } from '../../store/private-files.ts';
import { type Deviation, setAside } from './set-aside.ts';

// gitrepository-layout(5): what git takes from a repository for all its worktrees, and kugetsu's have none of.
const NONE_OF = [
  'info/attributes',
  'info/exclude',
  'info/grafts',
  'commondir',
  'gitdir',
  'branches',
  'remotes',
  'objects/info/http-alternates',
];

/** The files of a repository that hold for all its worktrees, and that kugetsu has not made. */
export async function fileDeviations(repository: string): Promise<Deviation[]> {
  const present = await Promise.all(
    NONE_OF.map(async (path) => ((await exists(join(repository, path))) ? path : undefined)),
  );
  const hooks = (await hasHooks(repository)) ? ['hooks'] : [];
  const odd = [...present.filter((path) => path !== undefined), ...hooks];
  const head = await plainText(join(repository, 'HEAD'));
  const ofHead: Deviation[] =
    head === HEAD
      ? []
      : [
          {
            what: 'HEAD of the repository was changed',
            done: 'restored HEAD of the repository',
            fix: async () => putHead(repository),
          },
        ];
  return [...ofHead, ...odd.map((path) => aside(repository, path))];
}

function aside(repository: string, path: string): Deviation {
  return {
    what: `${path} was added and applies to every worktree`,
    done: `moved ${path} to kugetsu-replaced/ in the repository`,
    fix: async () => setAside(repository, path),
  };
}

async function putHead(repository: string): Promise<void> {
  await setAside(repository, 'HEAD');
  await replaceFile(join(repository, 'HEAD'), HEAD);
}

/** git-lfs puts in its own, without which a push would leave the files behind; what ends in `.sample` is no hook. */
async function hasHooks(repository: string): Promise<boolean> {
  const hooks = join(repository, 'hooks');
  const stat = await lstat(hooks).catch(() => undefined);
  if (stat === undefined) return false;
  if (!stat.isDirectory()) return true;
  for (const name of await readdir(hooks)) {
    if (name.endsWith('.sample')) continue;
    if (!isOfLfs((await plainText(join(hooks, name))) ?? '', name)) return true;
  }
  return false;
}

const LFS_CHECK =
  /^command -v git-lfs >\/dev\/null 2>&1 \|\| \{ (?:printf|echo) >&2 "[^"$`]*"(?: "[^"$`]*")?; exit \d; \}$/;

/** Whether this is what `git lfs install` writes for an event, in any of its versions. */
export function isOfLfs(text: string, event: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const [check = '', call = '', ...more] = lines;
  return more.length === 0 && call === `git lfs ${event} "$@"` && LFS_CHECK.test(check);
}

/** Directories, and files of worktrees' records, that their owner could not use. */
export async function modeDeviations(repository: string): Promise<Deviation[]> {
  const records = await below(repository, 'worktrees');
  const files = records.flatMap((record) => ['HEAD', 'index', 'gitdir', 'commondir'].map((name) => join(record, name)));
  const flat = [
    '.',
    'objects',
    'worktrees',
    ...(await below(repository, 'objects')),
    ...records,
    ...files,
    'packed-refs',
  ];
  const closed: { readonly path: string; readonly mode: number }[] = [];
  const look = async (name: string, deep: boolean): Promise<void> => {
    const path = join(repository, name);
    const mode = await closedMode(path);
    if (mode !== undefined) closed.push({ path, mode });
    // What cannot be read now is looked at when it can.
    else if (deep) for (const each of await below(repository, name)) await look(each, true);
  };
  for (const name of flat) await look(name, false);
  for (const name of ['refs', 'logs']) await look(name, true);
  if (closed.length === 0) return [];
  const many = plural(closed.length, 'directory or file', 'directories or files');
  const what = `no right to write to ${many}, such as ${closed[0]?.path ?? ''}`;
  const fix = async (): Promise<void> => {
    for (const { path, mode } of closed) await chmod(path, mode);
  };
  return [{ what, done: `restored the right to write to ${many} of the repository`, fix }];
}

async function below(repository: string, name: string): Promise<string[]> {
  const entries = await readdir(join(repository, name), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(name, entry.name));
}
