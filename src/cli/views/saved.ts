import type { Way } from '../../domain/worktrees/save-work.ts';

/** What was done so that nothing is lost, and the command that brings it back. */
export function savedLine(way: string, { kept, note }: Way): string {
  const what = kept === 'saved' ? 'saved its unpushed work' : 'moved it aside whole';
  return `${what}${note === undefined ? '' : ` (${note})`}; to get it back: ${way}`;
}
