import { toolCommands } from '../../adapters/process/tool-commands.ts';
import type { RunLogEntry } from '../../domain/runs/run-log-lines.ts';
import type { Run } from '../../domain/runs/run-schema.ts';
import { oneLine } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import type { CliContext } from '../context.ts';

/** A step of a run that goes on, since a moment of the monotonic clock. */
interface Step {
  readonly name: string;
  readonly note: string;
  readonly since: number;
}

/** Ages are shown from here on, in milliseconds. */
const SHOWN_AGE_MS = 1000;

/**
 * One line on a terminal, which the next one replaces, for what goes on while the logs of followed runs say nothing: how far a
 * step is, and what an agent's tool has been running, as its event comes only at its end. Runs that are followed together have a
 * name each. Without a terminal it shows nothing.
 */
export class LiveLine {
  private readonly context: CliContext;
  private readonly steps = new Map<string, Step>();
  /** What each run does, by its name. */
  private readonly doing = new Map<string, string>();

  constructor(context: CliContext) {
    this.context = context;
  }

  /**
   * Takes note of an entry of a run's log, and makes room for it.
   *
   * @returns whether it is shown here, and is to be shown nowhere else
   */
  take(entry: RunLogEntry, run = ''): boolean {
    const { terminal, clock } = this.context;
    if (!terminal.ruled) return false;
    const record = entry.from === 'kugetsu' ? entry.record : undefined;
    const step = this.steps.get(run);
    if (record?.event === 'progress') {
      const { name, note } = record;
      const goesOn = step?.name === name && firstWord(note) === firstWord(step.note);
      this.steps.set(run, { name, note, since: goesOn ? step.since : clock.monotonic() });
      this.show(run, note);
      return true;
    }
    const isOver =
      record?.event === 'step' ? record.name === step?.name : record !== undefined && ENDS.has(record.event);
    if (isOver) this.steps.delete(run);
    this.doing.delete(run);
    terminal.progress('');
    return false;
  }

  /** Shows what a run does and for how long, while its log says nothing. */
  async silent(run: Run, name = ''): Promise<void> {
    if (!this.context.terminal.ruled) return;
    this.show(name, run.phase === 'preparing' ? this.stepText(name) : await this.toolText(run));
  }

  /** Clears the line. */
  clear(): void {
    this.doing.clear();
    if (this.context.terminal.ruled) this.context.terminal.progress('');
  }

  private show(run: string, text: string | undefined): void {
    const { terminal } = this.context;
    if (text === undefined) this.doing.delete(run);
    else this.doing.set(run, run === '' ? text : `${run} ${text}`);
    terminal.progress(oneLine([...this.doing.values()].join('  '), terminal.columns - 1));
  }

  private stepText(run: string): string | undefined {
    const step = this.steps.get(run);
    if (step === undefined) return undefined;
    const age = this.context.clock.monotonic() - step.since;
    return age < SHOWN_AGE_MS ? step.note : `${step.note} ${formatDuration(age)}`;
  }

  private async toolText({ agent_pid: agent, verdict }: Run): Promise<string | undefined> {
    if (agent === null || verdict !== null) return undefined;
    const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
    const { text: clean } = await redactorOf(this.context);
    const [command] = toolCommands(agent);
    if (command === undefined) return undefined;
    const age = formatDuration(Math.max(0, this.context.clock.now() - command.since));
    return `… ${age}  ${clean(command.text)}`;
  }
}

/** What nothing is prepared after. */
const ENDS: ReadonlySet<string> = new Set(['at_work', 'ended']);

function firstWord(text: string): string {
  return text.split(' ')[0] ?? '';
}
