import { readTextIfExists, replaceFile } from '../../adapters/store/private-files.ts';
import type { Context } from '../context.ts';
import notes from './agent-notes.md' with { type: 'text' };

/** What every development agent is told of the worktree that it is in, as a file for opencode. @returns its path */
export async function writeAgentNotes({ home }: Pick<Context, 'home'>): Promise<string> {
  if ((await readTextIfExists(home.agentNotes)) !== notes) await replaceFile(home.agentNotes, notes);
  return home.agentNotes;
}
