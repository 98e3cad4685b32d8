import { basename, join } from 'node:path';
import type { SavedForm } from '../../adapters/git/bring-back.ts';
import { KEPT, listRescuedRefs, RESCUED, type RescuedRef } from '../../adapters/git/rescued-refs.ts';
import { diskUsage } from '../../adapters/store/disk.ts';
import { listEntries, type Entry } from '../../adapters/store/entries.ts';
import { AppError, wordsOf } from '../../util/errors.ts';
import { isoWithOffset } from '../../util/time.ts';
import { told } from '../../util/words.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../context.ts';
import { sanitisedName } from '../issues/sanitised-name.ts';
import { readIndex } from '../sessions/read-sessions.ts';

type Needs = Pick<Context, 'home' | 'env'>;

/** Something that was saved, and is there to be brought back. */
export interface Rescued {
  /** Names it: the name of the worktree, and when it was saved. */
  readonly id: string;
  /** The name that the worktree had. */
  readonly name: string;
  /** The issue that it was of, when that is tracked. */
  readonly issue_ref: string | null;
  readonly kind: 'commit' | 'directory';
  readonly saved_at: string;
  readonly bytes: number;
  /** The subject of its newest commit, or what is in the directory. */
  readonly subject: string;
  readonly repository: string | null;
  readonly ref: string | null;
  readonly commit: string | null;
  /** How the commit has it; null for one that is no state of a worktree. */
  readonly form: SavedForm | null;
  /** The directory that was moved aside. */
  readonly path: string | null;
}

/** What there is, the newest first, and what could not be looked at. */
export interface RescuedList {
  readonly found: readonly Rescued[];
  readonly problems: readonly string[];
}

/** What was saved, with the time that orders it, in milliseconds since the epoch: a second can have two of them. */
interface Dated {
  readonly savedMs: number;
  readonly entry: Rescued;
}

/** Lists what was saved: refs in every repository of the home, and what was moved to `rescued/`. `ref` is a canonical issue ref. */
export async function listRescued(context: Needs, ref?: string): Promise<RescuedList> {
  const { home, env } = context;
  const issues = (await readIndex(context).catch(() => undefined))?.issues ?? {};
  const byName = new Map(Object.entries(issues).map(([issue, file]) => [file.replace(/\.json$/, ''), issue]));
  const problems: string[] = [];
  const all: Dated[] = [];
  const { text: clean } = await redactorOf(context);
  for (const { path } of (await listEntries(home.repos)).filter(isRepository)) {
    try {
      for (const each of await listRescuedRefs(path, env)) all.push(ofRef(path, each, byName, clean));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      problems.push(told(wordsOf(error), clean));
    }
  }
  all.push(...(await movedTrees(context, byName)));
  const own = ref === undefined ? undefined : nameTest(ref, issues[ref]);
  return {
    found: all
      .toSorted((a, b) => b.savedMs - a.savedMs)
      .map(({ entry }) => entry)
      .filter(({ name }) => own?.(name) ?? true),
    problems,
  };
}

function isRepository({ name, type }: Entry): boolean {
  return type === 'directory' && /^[^.].*\.git$/.test(name);
}

/** An issue that is gone has left the name that it would get. */
function nameTest(ref: string, file: string | undefined): (name: string) => boolean {
  const plain = sanitisedName(ref);
  const own = file?.replace(/\.json$/, '');
  return (name) => name === own || name === plain || (name.startsWith(`${plain}-`) && /-[0-9a-f]{8}$/.test(name));
}

const OWN_REF = new RegExp(`^(?:${RESCUED}|${KEPT})/([^/]+)/(\\d{8}T\\d+Z)(.*)$`);

function ofRef(
  repository: string,
  { ref, commit, committedMs, subject, bytes, own }: RescuedRef,
  byName: ReadonlyMap<string, string>,
  clean: (text: string) => string,
): Dated {
  const [, name = basename(ref), time, suffix = ''] = OWN_REF.exec(ref) ?? [];
  const savedMs = time === undefined ? committedMs : timeOf(time);
  const entry: Rescued = {
    id: time === undefined ? `${name}/pushed` : `${name}/${time}${suffix}`,
    name,
    issue_ref: byName.get(name) ?? null,
    kind: 'commit',
    saved_at: isoWithOffset(savedMs),
    bytes,
    subject: clean(subject),
    repository,
    ref,
    commit,
    form: formOf(suffix, own),
    path: null,
  };
  return { savedMs, entry };
}

function formOf(suffix: string, own: boolean): SavedForm | null {
  if (/^-(?:entry|git|bytes)/.test(suffix)) return null;
  if (suffix.startsWith('-stash')) return 'stash';
  return own || suffix.endsWith('-autostash') ? 'files' : 'commits';
}

/** `20260401T101500000Z` as it is in names, in milliseconds since the epoch. */
function timeOf(time: string): number {
  const [, date = '', hours = '', minutes = '', seconds = '', ms = '0'] =
    /^(\d{8})T(\d\d)(\d\d)(\d\d)(\d*)Z$/.exec(time) ?? [];
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}.${ms.padEnd(3, '0')}Z`) || 0;
}

async function movedTrees({ home }: Needs, byName: ReadonlyMap<string, string>): Promise<Dated[]> {
  const found: Dated[] = [];
  for (const { name, path } of (await listEntries(home.rescued)).filter(({ type }) => type === 'directory')) {
    for (const tree of (await listEntries(path)).filter((entry) => /^\d{8}T\d+Z/.test(entry.name))) {
      const time = /^\d{8}T\d+Z/.exec(tree.name)?.[0] ?? '';
      const inside = tree.type === 'directory' ? (await listEntries(tree.path)).map((entry) => entry.name) : [];
      const savedMs = timeOf(time);
      const entry: Rescued = {
        id: `${name}/${tree.name}${tree.name === time ? '-moved' : ''}`,
        name,
        issue_ref: byName.get(name) ?? null,
        kind: 'directory',
        saved_at: isoWithOffset(savedMs),
        bytes: await diskUsage(tree.path),
        subject: inside.length === 0 ? basename(tree.path) : inside.slice(0, 5).join(', '),
        repository: null,
        ref: null,
        commit: null,
        form: null,
        path: join(path, tree.name),
      };
      found.push({ savedMs, entry });
    }
  }
  return found;
}
