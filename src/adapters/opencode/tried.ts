import * as z from 'zod/mini';
import { parseJson } from '../../util/loose-object.ts';
import { type ProgramFacts, programFacts } from './find-opencode.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import { PLUGIN_SOURCE } from './server/plugin-source.ts';
import { keyOf } from './server/server-files.ts';

/** How many programs are remembered. */
const MOST = 20;

const TriedSchema = z.object({
  path: z.string(),
  size: z.number(),
  modified: z.number(),
  changed: z.number(),
  version: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** With what its shared server has passed, too; see {@link TriedProgram}. */
  server: z.optional(z.string()),
});
const FileSchema = z.looseObject({ tried: z.array(TriedSchema) });

/** An opencode as it stands: when it is replaced, it has to be tried again. */
export interface TriedProgram {
  readonly facts: ProgramFacts;
  readonly version: string;
  /** A name for what kugetsu brings into a shared server of it, when that was tried and has passed. */
  readonly server?: string | undefined;
}

/** A name for what this kugetsu brings into a shared server: with something else, the server has to be tried again. */
export const BROUGHT_ALONG = keyOf(PLUGIN_SOURCE);

interface Program {
  readonly path: string;
  readonly version: string;
}

/** Whether an opencode has passed its trial with this kugetsu, as it stands. A record that cannot be read counts as none. */
export async function wasTried(path: string, program: TriedProgram): Promise<boolean> {
  return (await readTried(path)).some((entry) => isSame(entry, program));
}

/** Whether the shared server of an opencode, with what kugetsu brings into it, has passed its trial as both stand. */
export async function wasServerTried(path: string, program: TriedProgram): Promise<boolean> {
  return (await readTried(path)).some((entry) => isSame(entry, program) && entry.server === program.server);
}

/** Whether the shared server of an opencode has passed its trial with this kugetsu. @param tried the file that says so */
export async function hasServerPassed(tried: string, { path, version }: Program): Promise<boolean> {
  return wasServerTried(tried, { facts: await programFacts(path), version, server: BROUGHT_ALONG });
}

/** Remembers that an opencode has passed. */
export async function rememberTried(path: string, program: TriedProgram, at: number): Promise<void> {
  const others = (await readTried(path)).filter((entry) => !isSame(entry, program));
  const { facts, version, server } = program;
  const tried = [...others, { ...facts, version, at, ...(server === undefined ? {} : { server }) }].slice(-MOST);
  await replaceFile(path, `${JSON.stringify({ tried })}\n`);
}

/** Forgets that an opencode has passed: it does so no more. */
export async function forgetTried(path: string, program: TriedProgram): Promise<void> {
  const all = await readTried(path);
  const tried = all.filter((entry) => !isSame(entry, program));
  if (tried.length < all.length) await replaceFile(path, `${JSON.stringify({ tried })}\n`);
}

async function readTried(path: string): Promise<z.infer<typeof TriedSchema>[]> {
  const text = await readTextIfExists(path).catch(() => undefined);
  return FileSchema.safeParse(parseJson(text ?? '')).data?.tried ?? [];
}

function isSame(entry: z.infer<typeof TriedSchema>, { facts, version }: TriedProgram): boolean {
  const names = ['path', 'size', 'modified', 'changed'] as const;
  return entry.version === version && names.every((name) => entry[name] === facts[name]);
}
