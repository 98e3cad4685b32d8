import type { Kept } from '../../domain/worktrees/save-work.ts';

/** What was done so that nothing is lost, and the command that brings it back. */
export function savedLine(way: string, kept: Kept): string {
  return `${kept === 'saved' ? 'saved its unpushed work' : 'moved it aside whole'}; to get it back: ${way}`;
}
