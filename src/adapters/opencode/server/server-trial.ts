import { programFacts } from '../find-opencode.ts';
import { wasServerTried } from '../tried.ts';
import { PLUGIN_SOURCE } from './plugin-source.ts';
import { keyOf } from './server-files.ts';

/** A name for what this kugetsu brings into a shared server: with something else, the server has to be tried again. */
export const BROUGHT_ALONG = keyOf(PLUGIN_SOURCE);

interface Program {
  readonly path: string;
  readonly version: string;
}

/** Whether the shared server of an opencode has passed its trial with this kugetsu. @param tried the file that says so */
export async function hasServerPassed(tried: string, { path, version }: Program): Promise<boolean> {
  return wasServerTried(tried, { facts: await programFacts(path), version, server: BROUGHT_ALONG });
}
