import { join } from 'node:path';
import type { AgentEvent } from '../../adapters/engine/agent-event.ts';
import type { AgentEngine, AgentExit, AgentHandle, AgentRequest } from '../../adapters/engine/agent-engine.ts';
import { endProcessesOfRun } from '../../adapters/process/end-processes.ts';
import { memoryKills } from '../../adapters/process/memory.ts';
import { randomBytes } from '../../adapters/random.ts';
import { writeFile } from '../../adapters/store/changes.ts';
import { diskSpace } from '../../adapters/store/disk.ts';
import { makePrivateDirectory, removeDirectory } from '../../adapters/store/private-files.ts';
import { unlessRefused } from '../../util/errors.ts';
import type { Context } from '../context.ts';
import {
  limitReached,
  limitUsed,
  NO_BUDGET,
  type Budget,
  type ReachedLimit,
  totalTokens,
  type Spending,
} from './spending.ts';
import { overdue, type Deadlines } from './deadlines.ts';
import type { Heard } from './hear.ts';
import type { RunLog } from './run-log.ts';
import type { Verdict } from './run-schema.ts';
import { hasNamed, NOTHING_OBSERVED, observe, observeRemark, type Observation } from './observation.ts';
import { judge, type EndReason } from './verdict.ts';

/** How often the agent's output is looked at, in milliseconds. */
const POLL_MS = 100;
/** How often a silent agent is asked whether it works, in milliseconds. */
const ALIVE_CHECK_MS = 5000;

/**
 * A session file with a verdict, a log line, a notification and an inbox that is written anew, several times over. Random
 * bytes, because a filesystem that compresses must not make less of them.
 */
const RESERVED_BYTES = 512 * 1024;
/** An agent that was cut off in the middle of a write may leave a little less than a block. */
const FULL_BELOW_BYTES = 16 * 1024;

interface AgentRun {
  readonly runId: string;
  /** For what the engine and the run need while the agent works; removed afterwards. */
  readonly runDirectory: string;
  /** The agent's own temporary directory, which its environment names; removed afterwards. */
  readonly tempDirectory: string;
  readonly request: AgentRequest;
  readonly log: RunLog;
  readonly deadlines: Deadlines;
  /** What it may use at the most; no limit without. */
  readonly budget?: Budget;
  /** What the run's agent has done before, when it is told something more; the verdict counts it, too. */
  readonly before?: Pick<Verdict, 'steps' | 'tokens' | 'cost' | 'elsewhere'> | undefined;
  /** What is not the agent's to change. */
  readonly mainCheckout?: string | undefined;
  /** Aborts when the run is to be stopped. */
  readonly signal: AbortSignal;
  /** Called once the agent is at work, before anything is heard of it, with the process that answers for it. */
  readonly onStarted: (pid: number) => Promise<void>;
  /** Called with what each step of the agent has used; never throws. */
  readonly onStep?: ((used: Spending) => Promise<void>) | undefined;
  /** Called with every event of the agent. */
  readonly onEvent?: ((event: Heard) => void) | undefined;
}

/**
 * Runs an agent to its end, whatever engine it is: writes what it does to the log, keeps the deadlines, ends whatever it left
 * behind, and judges. The verdict has no evidence yet.
 */
export async function runAgent(
  context: Pick<Context, 'clock'> & { readonly opencode: Pick<AgentEngine, 'run'> },
  run: AgentRun,
): Promise<Omit<Verdict, 'evidence'>> {
  const { runId, runDirectory, tempDirectory } = run;
  await makePrivateDirectory(runDirectory);
  await makePrivateDirectory(tempDirectory);
  try {
    await reserveSpace(runDirectory);
    const agent = await context.opencode.run(run.request, { runId, runDirectory });
    return await watched(context, run, agent);
  } finally {
    // Nothing of this changes how the agent has ended; what stays is found as left over.
    await removeDirectory(tempDirectory).catch(unlessRefused);
    await removeDirectory(runDirectory).catch(unlessRefused);
  }
}

async function watched(
  { clock }: Pick<Context, 'clock'>,
  run: AgentRun,
  agent: AgentHandle,
): Promise<Omit<Verdict, 'evidence'>> {
  const watch = new AgentWatch(clock, run, agent);
  const kills = memoryKills();
  try {
    await run.onStarted(agent.pid);
    const end = await watch.untilEnd();
    const outOfMemory = kills !== undefined && (memoryKills() ?? 0) > kills;
    return judge(watch.seen, { ...end, outOfMemory, diskFull: await isDiskFull(run.runDirectory) });
  } finally {
    // The agent itself has ended and its pid may be another's by now; what it left behind carries the run's id.
    await endProcessesOfRun({ runId: run.runId, clock });
    await agent.close();
  }
}

/**
 * Takes the room that the verdict will need, in the directory that is removed before the verdict is written: an agent that
 * fills the disk leaves that much.
 */
async function reserveSpace(directory: string): Promise<void> {
  await writeFile(join(directory, 'reserve'), randomBytes(RESERVED_BYTES), { mode: 0o600 });
}

async function isDiskFull(directory: string): Promise<boolean> {
  const space = await diskSpace(directory).catch(() => undefined);
  return space !== undefined && (space.freeBytes < FULL_BELOW_BYTES || space.freeFiles === 0);
}

function seenBefore(before: AgentRun['before']): Observation {
  if (before === undefined) return NOTHING_OBSERVED;
  const { steps, tokens, cost, elsewhere } = before;
  return { ...NOTHING_OBSERVED, steps, tokens, cost, elsewhere };
}

/** Hears what the agent does, and watches its clocks. */
class AgentWatch {
  seen: Observation;
  private readonly run: AgentRun;
  private readonly agent: AgentHandle;
  private readonly clock: Context['clock'];
  private readonly budget: Budget;
  private readonly startedAt: number;
  private firstEventAt: number | undefined;
  private lastSignAt: number;
  private askedAt: number;

  constructor(clock: Context['clock'], run: AgentRun, agent: AgentHandle) {
    this.run = run;
    this.seen = seenBefore(run.before);
    this.budget = run.budget ?? NO_BUDGET;
    this.agent = agent;
    this.clock = clock;
    this.startedAt = clock.monotonic();
    this.lastSignAt = this.startedAt;
    this.askedAt = this.startedAt;
  }

  async untilEnd(): Promise<AgentExit & { endedFor: EndReason | undefined; limit: ReachedLimit | undefined }> {
    const finished = new AbortController();
    void this.agent.ended.then(() => finished.abort());
    const wake = AbortSignal.any([finished.signal, this.run.signal]);
    let endedFor: EndReason | undefined;
    while (!finished.signal.aborted) {
      await this.listen();
      endedFor ??= this.reasonToEnd();
      if (endedFor !== undefined) await this.agent.stop();
      else await this.clock.sleep(POLL_MS, wake);
    }
    await this.listen();
    const limit = endedFor === 'over_budget' ? limitUsed(this.budget, this.seen) : undefined;
    return { ...(await this.agent.ended), endedFor, limit };
  }

  private async listen(): Promise<void> {
    for await (const said of this.agent.events()) {
      if (said.from === 'agent') await this.hear(await this.run.log.event(said));
      else this.seen = observeRemark(this.seen, await this.run.log.remark(said));
    }
  }

  private async hear(heard: Heard): Promise<void> {
    const event = heard.raw;
    this.lastSignAt = this.clock.monotonic();
    this.firstEventAt ??= event.type === 'output' ? undefined : this.lastSignAt;
    this.seen = observe(this.seen, heard);
    this.run.onEvent?.(heard);
    if (event.type === 'step_finish') await this.run.onStep?.({ tokens: totalTokens(event.tokens), cost: event.cost });
    await this.noticeElsewhere(event);
  }

  /** Rules keep most tools out of there, but no redirection of a shell and no interpreter. */
  private async noticeElsewhere(event: AgentEvent): Promise<void> {
    const { mainCheckout: directory, log } = this.run;
    if (directory === undefined || this.seen.elsewhere !== undefined || !hasNamed(event, directory)) return;
    this.seen = { ...this.seen, elsewhere: directory };
    await log.record({
      event: 'warning',
      text: `a tool of the agent named ${directory}, which is not its worktree; to see what changed there: git -C ${directory} status`,
    });
  }

  private reasonToEnd(): EndReason | undefined {
    if (this.run.signal.aborted) return 'stopped';
    if (limitReached(this.budget, this.seen) !== undefined) return 'over_budget';
    this.noticeWork();
    const { startedAt, firstEventAt, lastSignAt } = this;
    return overdue(
      this.run.deadlines,
      { startedAt, firstEventAt, lastSignAt },
      { seen: this.seen, now: this.clock.monotonic() },
    );
  }

  /** A tool that works without a word is no stall. */
  private noticeWork(): void {
    const { stallMs } = this.run.deadlines;
    const now = this.clock.monotonic();
    if (stallMs === 0 || now - this.askedAt < Math.min(ALIVE_CHECK_MS, stallMs / 4)) return;
    this.askedAt = now;
    if (this.agent.alive()) this.lastSignAt = this.clock.monotonic();
  }
}
