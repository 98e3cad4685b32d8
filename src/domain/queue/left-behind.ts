import { plural } from '../../util/text.ts';
import { joinWords, said, words, type Words } from '../../util/words.ts';
import type { News } from '../notifications/notification-schema.ts';
import type { TaskNotificationType } from '../notifications/notification-types.ts';
import type { FleetIssue, IssueNote } from './fleet.ts';

const UNPUSHED: TaskNotificationType = 'work_unpushed';

/**
 * What only the host of an issue has, as far as it has told: commits that are on no remote, uncommitted files, and what an agent
 * does that is still at work; undefined when that is nothing.
 */
export function leftBehind({ host, note, at_work: atWork }: FleetIssue): Words | undefined {
  // What an earlier host has told says nothing of this one.
  const evidence = note?.host === host ? note.evidence : null;
  const known = evidence === null ? [] : missing(evidence);
  const parts = [...known, ...(atWork ? ['what its agent is at'] : [])];
  if (parts.length === 0) return undefined;
  const asOf = known.length === 0 || note === undefined ? [] : words` (as of ${said(note.at)})`;
  return [...joinWords(parts, ', '), ...asOf];
}

function missing({
  commits_ahead: commits,
  uncommitted_files: files,
  pushed,
  branch,
  head,
}: NonNullable<IssueNote['evidence']>): Words[] {
  const on = branch === null ? [] : words` on ${said(branch)}`;
  return [
    ...(commits === 0 || pushed
      ? []
      : [words`${plural(commits, 'commit')}${on} up to ${said(head.slice(0, 12))}, which is not pushed`]),
    ...(files === 0 ? [] : [[plural(files, 'uncommitted file')]]),
  ];
}

/** What is told when an issue goes on without its host, if that had something that nobody else has. @param how what happened, up to `only that has` */
export function newsOfLeft(issue: FleetIssue, how: Words): readonly News[] {
  const left = leftBehind(issue);
  if (left === undefined) return [];
  return [{ type: UNPUSHED, message: words`${how}, and only that host has: ${left}`, issue_ref: issue.issue_ref }];
}
