import { Screen } from '../../adapters/screen.ts';
import type { Notification } from '../../domain/notifications/notification-schema.ts';
import type { Overview } from '../../domain/overview/overview.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { frame } from '../watch/frame.ts';
import { FIRST_STATE, pressed, type WatchState, type Wish } from '../watch/state.ts';

interface WatchOptions {
  readonly once: boolean;
  readonly json: boolean;
}

/** How often ages are drawn anew, in milliseconds. */
const AGES_MS = 1000;
const COMMAND_LIMIT_MS = 120_000;

/** Shows what the fleet looks like until the user leaves: as a screen, or without a terminal as lines of what changes. */
export async function watch(call: Call, { once, json }: WatchOptions): Promise<void> {
  const { context } = call;
  const leave = new AbortController();
  const signal = AbortSignal.any([context.gracefulStop(), leave.signal]);
  const { overviews } = await import('../../domain/overview/changes.ts');
  const stream = overviews(context, { signal });
  if (once || json || !context.terminal.interactive) {
    await printChanges(context, stream, { once, json });
    return;
  }
  const { TABLE } = await import('../table/all.ts');
  const known = new Set(TABLE.map(({ words }) => words));
  await new Watcher(context, { leave, signal, known }).run(stream);
}

async function printChanges(
  { terminal }: CliContext,
  stream: AsyncIterable<Overview>,
  { once, json }: WatchOptions,
): Promise<void> {
  const { changesOf } = await import('../watch/changes.ts');
  let before: Overview | undefined;
  for await (const now of stream) {
    const lines = json ? [JSON.stringify(now)] : changesOf(before, now);
    if (lines.length > 0) terminal.out(lines.join('\n'));
    if (once) break;
    before = now;
  }
}

interface Watching {
  readonly leave: AbortController;
  readonly signal: AbortSignal;
  /** The words of every command that there is. */
  readonly known: ReadonlySet<string>;
}

/** The live screen. */
class Watcher {
  private readonly context: CliContext;
  private readonly watching: Watching;
  private readonly screen: Screen;
  private state: WatchState = FIRST_STATE;
  private overview: Overview | undefined;
  /** Whether a command has the terminal. */
  private isAway = false;

  constructor(context: CliContext, watching: Watching) {
    this.context = context;
    this.watching = watching;
    this.screen = new Screen({
      onKey: (key) => this.press(key),
      onRedraw: () => this.draw(),
      onGone: () => watching.leave.abort(),
    });
  }

  async run(stream: AsyncIterable<Overview>): Promise<void> {
    this.screen.open();
    const ages = setInterval(() => this.draw(), AGES_MS);
    try {
      for await (const now of stream) {
        await this.announce(now);
        this.overview = now;
        this.draw();
      }
    } finally {
      clearInterval(ages);
      this.screen.close();
    }
  }

  private draw(): void {
    if (this.overview === undefined || this.isAway) return;
    const { size } = this.screen;
    const { terminal, clock } = this.context;
    this.screen.draw(frame(this.overview, this.state, { ...size, colour: terminal.colour.out, now: clock.now() }));
  }

  private press(key: string): void {
    if (this.overview === undefined) {
      if (key === 'q' || key === 'ctrl-c') this.watching.leave.abort();
      return;
    }
    const { state, does } = pressed(this.state, key, this.overview, this.watching.known);
    this.state = state;
    if (does === 'quit') this.watching.leave.abort();
    else if (does === 'suspend') this.screen.suspend();
    else {
      if (does === 'redraw') this.screen.forget();
      else if (does !== undefined) void this.perform(does);
      this.draw();
    }
  }

  private async perform(wish: Wish): Promise<void> {
    const said = await (wish.shows ? this.show(wish) : this.order(wish)).catch((error: unknown) => String(error));
    this.state = { ...this.state, said };
    this.draw();
  }

  /** A command that shows nothing: what it says becomes the last line. */
  private async order({ args }: Wish): Promise<string> {
    const { runCommand } = await import('../../adapters/process/run-command.ts');
    const { self, cwd, env } = this.context;
    this.state = { ...this.state, said: `kugetsu ${args.join(' ')} …` };
    this.draw();
    const { exitCode, stderr } = await runCommand({
      command: self.executable,
      args: [...self.prefix, ...args],
      cwd,
      env,
      timeoutMs: COMMAND_LIMIT_MS,
    });
    const [first = ''] = stderr.trim().split('\n');
    if (first !== '') return first;
    return exitCode === 0
      ? `done: kugetsu ${args.join(' ')}`
      : `kugetsu ${args.join(' ')}: exit code ${exitCode ?? '-'}`;
  }

  /** A command that has the terminal to itself. */
  private async show({ args }: Wish): Promise<string> {
    const { runOnTerminal } = await import('../../adapters/opencode/run-on-terminal.ts');
    const { self, cwd, env, terminal } = this.context;
    const { signal } = this.watching;
    this.isAway = true;
    try {
      await this.screen.away(async () => {
        terminal.err(`kugetsu ${args.join(' ')}`);
        await runOnTerminal(self.executable, [...self.prefix, ...args], { cwd, env, signal });
      }, signal);
    } finally {
      this.isAway = false;
    }
    return '';
  }

  /** Says in the terminal's own way what no desktop can show here. */
  private async announce(now: Overview): Promise<void> {
    if (this.overview === undefined) return;
    const { NOTIFY_DESKTOP: wanted, NOTIFY_TYPES: types } = await this.context.settings().catch(() => NOTHING_WANTED);
    if (!wanted) return;
    const { isWanted } = await import('../../domain/notifications/notification-types.ts');
    const { headline } = await import('../../domain/notifications/webhook-form.ts');
    const known = new Set(this.overview.notifications.map(({ id }) => id));
    const isNews = ({ id, type }: Notification): boolean => !known.has(id) && isWanted(type, types);
    for (const note of now.notifications.filter(isNews)) {
      this.screen.announce(`kugetsu: ${headline(note)}`, note.message.slice(0, 200));
    }
  }
}

const NOTHING_WANTED = { NOTIFY_DESKTOP: false, NOTIFY_TYPES: [] };
