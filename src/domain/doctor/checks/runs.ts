import { endProcessesOfRun } from '../../../adapters/process/end-processes.ts';
import { RUN_ID_VARIABLE } from '../../../adapters/process/environment.ts';
import { runProcesses } from '../../../adapters/process/other-processes.ts';
import { standingOf } from '../../../adapters/process/standing.ts';
import { plural } from '../../../util/text.ts';
import type { QueueItem } from '../../queue/queue-item.ts';
import { workElsewhere } from '../../runs/elsewhere.ts';
import { ownedRuns } from '../../runs/orphans.ts';
import { isRunId } from '../../runs/run-id.ts';
import { runOf } from '../../runs/run-record.ts';
import type { Run } from '../../runs/run-schema.ts';
import { isAbandoned } from '../../runs/run-state.ts';
import type { IssueSession } from '../../sessions/session-schema.ts';
import { listItems } from '../../work/list-items.ts';
import { liveRuns, openRuns, subjectName } from '../../work/live-runs.ts';
import { reconcileRuns } from '../../work/reconcile-runs.ts';
import { type Check, type CheckContext, fine, fixable, note, type Finding } from '../check.ts';
import { soundItems, soundSessions, surveyHome } from '../survey.ts';

const NAME = 'runs';
/** A runner needs a moment to exit after it has settled its run, in milliseconds. */
const LEAVING_MS = 2000;

/** Every run that has not ended has a live owner, and no process of an ended run is left. */
export const runsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const findings = [
      ...runsElsewhere(context),
      ...(await deadRuns(context)),
      ...deadClaims(context),
      ...(await orphanProcesses(context)),
    ];
    return findings.some(({ level }) => level !== 'info')
      ? findings
      : [...findings, fine(NAME, 'every run is alive or has ended')];
  },
};

/** Runs elsewhere are named, because most commands leave them alone. */
function runsElsewhere({ home }: CheckContext): Finding[] {
  return workElsewhere(home).map((line) => note(NAME, `${line}, and cannot be seen from here`));
}

async function deadRuns(context: CheckContext): Promise<Finding[]> {
  const dead = (await openRuns(context, knownTo(context))).filter((run) => isAbandoned(context.home, runOf(run)));
  return dead.map(({ id, kind, subject }) => {
    const name = `run ${id} of ${subjectName(subject) ?? `a ${kind}`}`;
    return fixable('warning', NAME, `the ${kind} ${name} died without a verdict`, async () => {
      await settleAll(context);
      return `settled the ${name}`;
    });
  });
}

/** Tasks that were claimed and whose run is not there, or has a verdict that they never got. */
function deadClaims(context: CheckContext): Finding[] {
  const runs = new Map(soundSessions(context.survey, context.home).map(({ issue_ref: ref, run }) => [ref, run]));
  const isDead = (owner: Run['owner']): boolean =>
    ['gone', 'silent'].includes(standingOf(owner, context.home.heartbeats));
  const stuck = soundItems(context.survey).filter(
    ({ state, claimed_by: claimer, issue_ref: ref, run_id: id, run, children }) => {
      if (state !== 'notified' || children.length > 0 || run !== null) return false;
      const own = ref === null ? undefined : runs.get(ref);
      if (own?.id === id && own !== null) return own.verdict !== null && isDead(own.owner);
      return claimer !== null && isDead(claimer);
    },
  );
  return stuck.map(({ id }) =>
    fixable('warning', NAME, `the task ${id} is claimed by a process that is gone`, async () => {
      await settleAll(context);
      return `settled the task ${id}`;
    }),
  );
}

async function orphanProcesses(context: CheckContext): Promise<Finding[]> {
  if ((await orphans(context)).length === 0) return [];
  await context.clock.sleep(LEAVING_MS, context.signal);
  const left = await orphans({ ...context, survey: await surveyHome(context.home) });
  const ids = [...new Set(left.map(({ runId }) => runId))];
  return ids.map((runId) => {
    const pids = left.filter((row) => row.runId === runId).map(({ pid }) => pid);
    const message = `${plural(pids.length, 'process', 'processes')} of the run ${runId}, which is over, still alive (pid ${pids.join(', ')})`;
    return fixable('warning', NAME, message, async () => {
      const count = await endProcessesOfRun({ runId, clock: context.clock });
      return `ended ${count} of the run ${runId}`;
    });
  });
}

async function orphans(context: CheckContext): Promise<ReturnType<typeof runProcesses>> {
  const { survey, home, env } = context;
  const runs = await liveRuns(context, knownTo(context));
  const live = new Set([...runs.map(({ id }) => id), ...(await ownedRuns(context))]);
  // A file that cannot be read may be the one that knows of the run.
  const unknown = [...survey.issues, ...survey.items].some(({ found }) => found.state !== 'sound');
  if (unknown || survey.index.state !== 'sound') return [];
  return runProcesses().filter(
    ({ runId, home: of }) => isRunId(runId) && of === home.root && !live.has(runId) && runId !== env[RUN_ID_VARIABLE],
  );
}

async function settleAll(context: CheckContext): Promise<void> {
  await reconcileRuns(context, { takeOver: true });
  await listItems(context, { takeOver: true });
}

function knownTo({ survey, home }: CheckContext): { sessions: IssueSession[]; items: QueueItem[] } {
  return { sessions: soundSessions(survey, home), items: soundItems(survey) };
}
