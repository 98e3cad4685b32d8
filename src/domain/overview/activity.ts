import { toolCommands } from '../../adapters/process/tool-commands.ts';
import { oneLine } from '../../util/text.ts';
import { isoWithOffset } from '../../util/time.ts';
import type { Redactor } from '../../util/redaction.ts';
import { redactorOf } from '../agent-env/redactor.ts';
import type { Context } from '../queue/context.ts';
import type { Run } from '../runs/run-schema.ts';
import { isElsewhere } from '../runs/run-state.ts';
import { RunPulse, type Pulse } from './pulse.ts';

/** What an agent that is at work does. Times are ISO 8601. */
export interface Activity extends Pulse {
  /** Since when the run is in its phase. */
  readonly since: string;
  /** The command that a tool of its runs now, without secrets; null when none does, or that cannot be seen from here. */
  readonly command: { readonly text: string; readonly since: string } | null;
  /** Which attempt at its task this is; null for a run without a task. */
  readonly attempt: number | null;
}

type Needs = Pick<Context, 'home' | 'env' | 'queue'>;

const LONGEST = 200;

/** Looks at what agents do. It remembers how far it has read their logs: whoever looks again pays for what is new. */
export class ActivityReader {
  private readonly context: Needs;
  private readonly pulses = new Map<string, RunPulse>();

  constructor(context: Needs) {
    this.context = context;
  }

  /** What the agent of a run does now; null when the run is not on. */
  async read(run: Run | null): Promise<Activity | null> {
    if (run === null || run.verdict !== null) return null;
    const redactor = await redactorOf(this.context);
    const pulse = this.pulses.get(run.id) ?? new RunPulse(run.log);
    this.pulses.set(run.id, pulse);
    return {
      since: run.working_at ?? run.requested_at,
      command: this.command(run, redactor),
      attempt: await this.attempt(run),
      ...(await pulse.read(redactor)),
    };
  }

  /** Forgets the logs of all other runs. */
  keepOnly(runs: ReadonlySet<string>): void {
    for (const id of this.pulses.keys()) if (!runs.has(id)) this.pulses.delete(id);
  }

  private command(run: Run, { text: clean }: Redactor): Activity['command'] {
    if (run.agent_pid === null || isElsewhere(this.context.home, run)) return null;
    const [last] = toolCommands(run.agent_pid);
    if (last === undefined) return null;
    return { text: oneLine(clean(last.text), LONGEST), since: isoWithOffset(last.since) };
  }

  private async attempt({ task }: Run): Promise<number | null> {
    if (task == null) return null;
    const item = await this.context.queue.read(task).catch(() => undefined);
    return item?.attempts ?? null;
  }
}
