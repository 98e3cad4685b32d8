import { plural } from '../../../util/text.ts';
import { changeSessions } from '../../sessions/session-store.ts';
import { recreateSession } from '../recreate-session.ts';
import type { Check, CheckContext } from '../check.ts';
import { fine, fixable, wrong, type Finding } from '../finding.ts';
import { requireNoAgent } from '../live-agent.ts';
import { trackedIssues, valueOf, type TrackedIssue } from '../survey.ts';

const NAME = 'index';

/** The index names every session file, and only existing ones that belong to the issue. */
export const indexCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const tracked = trackedIssues(context.survey, context.home);
    const findings = [...tracked.flatMap((issue) => entry(context, issue)), ...untracked(context, tracked)];
    return findings.length > 0
      ? findings
      : [fine(NAME, `${plural(tracked.length, 'issue')} ${tracked.length === 1 ? 'is' : 'are'} tracked`)];
  },
};

function entry(context: CheckContext, { ref, file }: TrackedIssue): Finding[] {
  if (file.found.state === 'missing') {
    const message = `the session file of ${ref} is gone (${file.path})`;
    return [
      fixable('error', NAME, message, async () => {
        await requireNoAgent(context, ref);
        return recreateSession(context, ref);
      }),
    ];
  }
  const owner = valueOf(file.found)?.issue_ref ?? ref;
  if (owner === ref) return [];
  return [
    wrong('error', NAME, `the index gives ${ref} the file of ${owner} (${file.path})`, `kugetsu start ${ref} MESSAGE`),
  ];
}

function untracked(context: CheckContext, tracked: readonly TrackedIssue[]): Finding[] {
  const named = new Set(tracked.map(({ file }) => file.name));
  const refs = new Set(tracked.map(({ ref }) => ref));
  return context.survey.issues.flatMap(({ name, path, found }) => {
    const session = valueOf(found);
    if (session === undefined || named.has(name)) return [];
    const { issue_ref: ref } = session;
    const message = `the session file ${path} of ${ref} is not in the index`;
    if (refs.has(ref)) return [wrong('warning', NAME, `${message}, which has another one`, 'kugetsu prune')];
    return [fixable('warning', NAME, message, async () => adopt(context, ref, name))];
  });
}

async function adopt(context: CheckContext, ref: string, name: string): Promise<string> {
  return changeSessions(context, async (changes) => {
    const adopted = await changes.adopt(ref, name);
    return adopted ? `put ${ref} back into the index` : `${ref} is in the index again`;
  });
}
