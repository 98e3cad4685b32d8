import type { DoneWhen } from './run-schema.ts';

/** Where an agent stands, and what its word is held to. */
interface Standing {
  readonly ref: string;
  /** The branch of the issue. */
  readonly branch: string | undefined;
  /** The number of the pull request whose branch that is. */
  readonly pullRequest?: number | undefined;
  /** The branch from which work begins, as far as it is known. */
  readonly base: string | undefined;
  readonly doneWhen: DoneWhen;
  /** Whether the repository has a check that runs when the agent says that it is done. */
  readonly isChecked: boolean;
}

/** The three lines, with an empty one after them, that come before the message of a run on an issue. */
export function preamble({ ref, branch, pullRequest, base, doneWhen, isChecked }: Standing): string {
  const begins = base === undefined ? '' : `; the base branch is ${base}`;
  const whose = pullRequest === undefined ? '' : `, that of pull request ${pullRequest}`;
  const place = branch === undefined ? 'It is on no branch.' : `Its branch is ${branch}${whose}${begins}.`;
  const check = isChecked ? " The repository's check runs when you end your turn." : '';
  return `You work on the issue ${ref}, in a git worktree of your own.\n${place}\n${DONE[doneWhen]}${check}\n\n`;
}

const DONE: Readonly<Record<DoneWhen, string>> = {
  replied: 'You are done when you end your turn: your last message is what is reported.',
  committed: 'You are done when you end your turn with all of your work committed.',
  pushed: 'You are done when you end your turn with all of your work committed and pushed (git push origin HEAD).',
};
