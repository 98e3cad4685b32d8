import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { run, until, type World } from './world.ts';

/** What a terminal shows, from what a program has sent to it: as much of ECMA-48 as kugetsu's own screen needs. */
export class ShownScreen {
  private lines: string[] = [];
  private row = 0;
  /** Whether the second screen is shown. */
  isSecond = false;
  hasCursor = true;
  /** All that came. */
  raw = '';

  /** The lines that are shown now. */
  get text(): string {
    return this.lines.join('\n');
  }

  get rows(): readonly string[] {
    return this.lines;
  }

  take(text: string): void {
    this.raw += text;
    // oxlint-disable-next-line no-control-regex
    for (const [piece] of text.matchAll(/\u001B\[[?0-9;]*[A-Za-z]|\u001B\][^\u0007]*\u0007|[^\u001B]+/g))
      this.piece(piece);
  }

  private piece(piece: string): void {
    // oxlint-disable-next-line no-control-regex
    const place = /^\u001B\[(\d+);1H$/.exec(piece);
    if (place !== null) {
      this.row = Number(place[1]) - 1;
      this.lines[this.row] = '';
    } else if (piece === '\u001B[2J') this.lines = [];
    else if (piece.startsWith('\u001B[?1049')) this.isSecond = piece.endsWith('h');
    else if (piece.startsWith('\u001B[?25')) this.hasCursor = piece.endsWith('h');
    else if (!piece.startsWith('\u001B')) this.lines[this.row] = (this.lines[this.row] ?? '') + piece;
  }
}

/** A program on a terminal of its own. */
export class OnTerminal {
  readonly screen = new ShownScreen();
  /** Its exit code, as soon as it has ended. */
  code: number | undefined;
  private readonly child: ChildProcess;

  constructor(
    world: World,
    args: readonly string[],
    { columns, rows }: { readonly columns: number; readonly rows: number },
  ) {
    const line = [...world.command, ...args].join(' ');
    const command = `stty rows ${rows} cols ${columns}; exec ${line}`;
    this.child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      cwd: world.project,
      env: { TERM: 'xterm-256color', ...world.env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => this.screen.take(text));
    this.child.on('exit', (code) => (this.code = code ?? -1));
    onTestFinished(() => {
      this.child.kill('SIGKILL');
    });
  }

  /** Waits until the screen shows this. */
  async shows(text: string | RegExp): Promise<void> {
    await until(`the screen shows ${String(text)}`, () => {
      this.goOn();
      return typeof text === 'string' ? this.screen.text.includes(text) : text.test(this.screen.text);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.screen.text}`);
    });
  }

  /** script(1) stops itself when it sees that its program was stopped, and not when that goes on. */
  private goOn(): void {
    const { pid } = this.child;
    if (pid !== undefined && stateOf(pid) === 'T') process.kill(pid, 'SIGCONT');
  }

  press(keys: string): void {
    this.child.stdin?.write(keys);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Stops the program, and returns when it has stopped. */
  async stop(): Promise<void> {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    await until('it has stopped', () => stateOf(pid) === 'T');
  }

  /** The pid of the program itself. */
  get pid(): number {
    const own = this.child.pid ?? 0;
    return Number(readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim().split(' ')[0]);
  }

  async resize(rows: number, columns: number): Promise<void> {
    await run(['stty', '-F', readlinkSync(`/proc/${this.pid}/fd/0`), 'rows', String(rows), 'cols', String(columns)], {
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
    });
  }

  /** Takes the terminal away. */
  close(): void {
    this.child.kill('SIGKILL');
  }

  async ended(): Promise<number> {
    return until('it ends', () => this.code);
  }
}

/** proc_pid_stat(5): the state of a process, a letter; undefined when there is none. */
function stateOf(pid: number): string | undefined {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) ? /\) (\S)/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
}
