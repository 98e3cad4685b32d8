import { listDirectory } from '../../adapters/store/directory.ts';
import { TASK_ID_PREFIX } from '../../domain/issues/task-id.ts';
import type { Context } from '../../domain/queue/context.ts';

/** What a word of the command line may name that only the state of a home knows. */
export type LiveKind =
  | 'issue'
  | 'task'
  | 'pending_task'
  | 'open_task'
  | 'finished_task'
  | 'server'
  | 'agent'
  | 'setting'
  | 'repository'
  | 'repository_setting';

type Needs = Pick<Context, 'home' | 'queue'>;

/**
 * The names of that kind, newest task first, and once something is typed the short forms of issues and ids that begin so and
 * mean one thing. State that cannot be read has none: completion is no place for an error.
 */
export async function liveValues(context: Needs, kind: LiveKind, typed = ''): Promise<readonly string[]> {
  try {
    const names = await READERS[kind](context);
    // No short form begins as an id does; to work them out for thousands takes longer than to read the ids.
    const isWhole = typed === '' || typed.startsWith(TASK_ID_PREFIX);
    return isWhole ? names : [...names, ...(await shortForms(kind, names))];
  } catch {
    return [];
  }
}

async function shortForms(kind: LiveKind, names: readonly string[]): Promise<readonly string[]> {
  if (kind === 'issue') {
    const ends = names.flatMap((ref) => [ref.slice(ref.lastIndexOf('/') + 1), ref.slice(ref.indexOf('#'))]);
    return ends.filter((end, place) => ends.indexOf(end) === place && ends.lastIndexOf(end) === place);
  }
  if (!kind.endsWith('task')) return [];
  const { shortIds } = await import('../views/short.ts');
  return [...shortIds(names).values()];
}

const MOST_OFFERED = 100;

const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

/** Each loads only what it reads. */
const READERS: Readonly<Record<LiveKind, (context: Needs) => Promise<readonly string[]>>> = {
  async issue(context) {
    const { readIndex } = await import('../../domain/sessions/read-sessions.ts');
    return Object.keys((await readIndex(context))?.issues ?? {});
  },
  async task({ queue }) {
    return (await queue.ids()).toReversed();
  },
  async pending_task({ queue }) {
    const open = await queue.open(async () => undefined);
    return idsOf(open.filter(({ state }) => state === 'pending').toReversed());
  },
  async open_task({ queue }) {
    return idsOf((await queue.open(async () => undefined)).toReversed());
  },
  async finished_task({ queue }) {
    return idsOf((await queue.finished({ limit: MOST_OFFERED })).items);
  },
  async server(context) {
    const { readServers } = await import('../../domain/servers/servers-file.ts');
    return Object.keys((await readServers(context)).servers);
  },
  async agent({ home }) {
    const names = await listDirectory(home.agentEnv);
    return names.filter((name) => name.endsWith('.env')).map((name) => name.slice(0, -'.env'.length));
  },
  async setting() {
    const { SETTING_DESCRIPTIONS } = await import('../../domain/setting-descriptions.ts');
    return SETTING_DESCRIPTIONS.map(({ key }) => key);
  },
  async repository(context) {
    const { readReposFile } = await import('../../domain/servers/repos-file.ts');
    const { readIndex } = await import('../../domain/sessions/read-sessions.ts');
    const issues = Object.keys((await readIndex(context).catch(() => undefined))?.issues ?? {});
    const keys = Object.keys((await readReposFile(context)) ?? {}).filter((key) => /^[^\s#]+(?:#\S+)?$/.test(key));
    return [...new Set([...keys, ...issues.map((ref) => ref.replace(/#.*$/, ''))])];
  },
  async repository_setting() {
    const { REPOSITORY_KEYS } = await import('../../domain/servers/repository-entry.ts');
    return REPOSITORY_KEYS;
  },
};
