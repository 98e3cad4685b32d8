import { AppError } from '../../../util/errors.ts';
import { makePmAgent, newHomeSession, succeeding } from '../../sessions/home-sessions.ts';
import type { HomeSession } from '../../sessions/home-session-schema.ts';
import { readBase, readPmAgent } from '../../sessions/read-sessions.ts';
import { changeSessions } from '../../sessions/session-store.ts';
import { type Check, type CheckContext, fine, fixable, wrong, type Finding } from '../check.ts';
import { valueOf } from '../survey.ts';

const INIT_AGAIN = 'kugetsu init --force';

/** The base session is recorded, and opencode has it. */
export const baseCheck: Check = {
  name: 'base-session',
  needsHome: true,
  async run(context) {
    const id = valueOf(context.survey.index)?.base ?? null;
    const base = valueOf(context.survey.base);
    if (context.survey.index.state !== 'sound' || context.survey.base.state === 'broken') return [];
    if (id === null && base === undefined) return [gone('there is no base session')];
    const known = id ?? base?.opencode_session_id ?? '';
    if (base === undefined || id === null) return [unrecorded(context, known, base)];
    const stored = (await context.stored()).get(known);
    if (stored !== undefined) return [fine('base-session', `${known}, ${stored.messages} messages`)];
    return [lost(context, base)];
  },
};

/** The PM agent's session is recorded, opencode has it, and for the directory in which it is run. */
export const pmAgentCheck: Check = {
  name: 'pm-agent',
  needsHome: true,
  async run(context) {
    const { index, pmAgent: found } = context.survey;
    if (index.state !== 'sound' || found.state === 'broken') return [];
    const pmAgent = valueOf(found);
    const id = index.value.pm_agent;
    if (pmAgent === undefined || id === null) return [missingPmAgent(context, 'there is no PM agent')];
    const known = pmAgent.opencode_session_id;
    const stored = (await context.stored()).get(known);
    if (stored === undefined)
      return [missingPmAgent(context, `opencode no longer has the PM agent's session ${known}`)];
    // The bash script's session is wherever it was made; the forks of it that work are in the PM agent's own directory.
    if (pmAgent.directory === null || stored.directory === pmAgent.directory) return [fine('pm-agent', known)];
    const message = `the PM agent's session belongs to ${stored.directory}, not to ${pmAgent.directory}`;
    return [missingPmAgent(context, message)];
  },
};

function gone(message: string): Finding {
  return wrong('error', 'base-session', message, INIT_AGAIN);
}

function unrecorded(context: CheckContext, id: string, base: HomeSession | undefined): Finding {
  const message = base === undefined ? `the file of the base session ${id} is gone` : 'the index names no base session';
  return fixable('error', 'base-session', message, async () => {
    if (base !== undefined) {
      await changeSessions(context, async (changes) => changes.putHomeSession(base));
      return `put the base session ${id} back into the index`;
    }
    const [stored] = await context.opencode.describeSessions([id]);
    if (stored === undefined)
      throw new AppError('base_session_missing', `opencode does not have it either: ${INIT_AGAIN}`);
    const model = valueOf(context.survey.pmAgent)?.model ?? null;
    const record = await newHomeSession(context, { type: 'base', id, directory: stored.directory, model });
    await changeSessions(context, async (changes) => changes.putHomeSession(record));
    return `recreated the file of the base session ${id}`;
  });
}

function lost({ opencode }: CheckContext, { opencode_session_id: id, directory }: HomeSession): Finding {
  const message = `opencode no longer has the base session ${id}`;
  return {
    ...fixable('error', 'base-session', message, async () => {
      if (directory !== null && (await opencode.restoreSession(id, directory)))
        return `restored the base session ${id} in opencode from its last export`;
      throw new AppError('base_session_missing', `there is no export of it: ${INIT_AGAIN}`);
    }),
    command: `kugetsu doctor --fix, if an export of it was kept; otherwise: ${INIT_AGAIN}`,
  };
}

/** The PM agent keeps no lasting memory, so a new fork of the base is as good. */
function missingPmAgent(context: CheckContext, message: string): Finding {
  return fixable('error', 'pm-agent', message, async () => {
    const base = await readBase(context);
    if (base === undefined) throw new AppError('base_session_missing', `it needs the base session: ${INIT_AGAIN}`);
    const before = await readPmAgent(context).catch(() => undefined);
    const made = await makePmAgent(context, base);
    const put = await changeSessions(context, async (changes) => {
      const now = await readPmAgent(context).catch(() => undefined);
      if (now?.opencode_session_id !== before?.opencode_session_id) return false;
      await changes.putHomeSession(succeeding(before, made));
      return true;
    });
    if (put) return `made a new PM agent, ${made.opencode_session_id}`;
    await context.opencode.deleteSession(made.opencode_session_id);
    return 'another kugetsu has made a new PM agent';
  });
}
