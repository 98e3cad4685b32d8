import { terminalText } from '../util/text.ts';
import { writeFully } from './write-fully.ts';

/** What a screen tells whoever draws on it. */
interface Listener {
  /** A key by its name (`up`, `enter`, `ctrl-c`), or the character that it types. */
  readonly onKey: (key: string) => void;
  /** The screen has another size, or has lost what was on it. */
  readonly onRedraw: () => void;
  /** The terminal is gone: nothing can be shown or asked any more. */
  readonly onGone: () => void;
}

const OUTPUT = 1;
const USUAL_SIZE = { columns: 80, rows: 24 };

// The second screen, no cursor, and no line that goes on in the next one; and all of it back. See ctlseqs of xterm.
const ENTER = '\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[2J';
const LEAVE = '\u001B[0m\u001B[?7h\u001B[?25h\u001B[?1049l';
// Terminals that know it show what is between the two at once; the others pass over it.
const BEGIN = '\u001B[?2026h';
const END = '\u001B[?2026l';

const KEYS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u0003': 'ctrl-c',
  '\u001A': 'ctrl-z',
  '\u000C': 'ctrl-l',
  '\u001B': 'escape',
  '\u001B[A': 'up',
  '\u001B[B': 'down',
  '\u001BOA': 'up',
  '\u001BOB': 'down',
  '\u001B[5~': 'page-up',
  '\u001B[6~': 'page-down',
  '\u001B[H': 'home',
  '\u001B[F': 'end',
  '\u001B[1~': 'home',
  '\u001B[4~': 'end',
  '\u001B[Z': 'back-tab',
};

/** The keys that were pressed, from what a terminal sends; sequences that nobody needs are left out. */
export function keysIn(text: string): string[] {
  // oxlint-disable-next-line no-control-regex
  const pieces = text.match(/\u001B\[[0-9;?]*[ -/]*[@-~]|\u001BO[A-Z]|[\s\S]/gu) ?? [];
  return pieces.flatMap((piece) => KEYS[piece] ?? (/^\P{C}$/u.test(piece) ? [piece] : []));
}

/** What changes lines that are shown into others, for a terminal: nothing where nothing changes. */
export function paintOf(shown: readonly string[], lines: readonly string[]): string {
  // Erased first: behind the last column the cursor still stands on it.
  const changed = lines.flatMap((line, index) =>
    line === shown[index] ? [] : [`\u001B[${index + 1};1H\u001B[K${terminalText(line)}\u001B[0m`],
  );
  return changed.length === 0 ? '' : `${BEGIN}${changed.join('')}${END}`;
}

/**
 * The whole terminal, to draw on. Whatever ends this process, but a kill that cannot be caught, gives the terminal back as
 * it was; after a stop and a continue the screen is there again.
 */
export class Screen {
  private readonly listener: Listener;
  private shown: readonly string[] = [];
  private isOpen = false;
  private isGone = false;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { columns, rows } : USUAL_SIZE;
  }

  open(): void {
    process.stdin.on('data', this.onData);
    process.stdin.on('end', this.onEnd);
    process.stdin.on('error', this.onEnd);
    process.stdout.on('resize', this.onResize);
    process.on('SIGCONT', this.onContinue);
    process.on('exit', this.leave);
    this.enter();
  }

  close(): void {
    this.leave();
    process.stdin.off('data', this.onData);
    process.stdin.off('end', this.onEnd);
    process.stdin.off('error', this.onEnd);
    process.stdout.off('resize', this.onResize);
    process.off('SIGCONT', this.onContinue);
    process.off('exit', this.leave);
    process.stdin.pause();
    process.stdin.destroy();
  }

  /** Shows these lines; what is shown already is not written again. */
  draw(lines: readonly string[]): void {
    if (!this.isOpen) return;
    const paint = paintOf(this.shown, lines);
    this.shown = lines;
    if (paint !== '') this.write(paint);
  }

  /** A word to the terminal's own notifications: OSC 777 for those that know it, else OSC 9. */
  announce(title: string, body: string): void {
    const env = process.env;
    const knows777 = env['VTE_VERSION'] !== undefined || /rxvt|foot|ghostty/.test(env['TERM'] ?? '');
    const [head, text] = [title, body].map((part) => terminalText(part).replaceAll(';', ','));
    this.write(knows777 ? `\u001B]777;notify;${head};${text}\u001B\\` : `\u001B]9;${head}: ${text}\u0007`);
  }

  /**
   * Gives the terminal to somebody else until `body` is done, and then a key is pressed or `signal` aborts. An interrupt
   * from the keyboard is meant for them.
   */
  async away(body: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    this.leave();
    process.stdin.off('data', this.onData);
    process.stdin.pause();
    const handlers = process.listeners('SIGINT');
    const ignore = (): void => undefined;
    process.removeAllListeners('SIGINT').on('SIGINT', ignore);
    try {
      await body();
      this.write('press a key to go back');
      await aKey(signal);
    } finally {
      process.off('SIGINT', ignore);
      for (const handler of handlers) process.on('SIGINT', handler);
      process.stdin.on('data', this.onData);
      if (!signal.aborted) this.enter();
    }
  }

  /** Stops this process and whatever was started with it, as ^Z does, until somebody continues it. */
  suspend(): void {
    this.leave();
    process.kill(0, 'SIGTSTP');
  }

  /** Forgets what is shown, so that all of it is written again. */
  forget(): void {
    this.shown = [];
    if (this.isOpen) this.write('\u001B[2J');
  }

  private enter(): void {
    this.isOpen = true;
    this.shown = [];
    // A mode that is set already is not set again, even when somebody else has changed it meanwhile.
    process.stdin.setRawMode(false);
    process.stdin.setRawMode(true);
    process.stdin.resume();
    this.write(ENTER);
  }

  private readonly leave = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      process.stdin.setRawMode(false);
    } catch {
      // There is no terminal any more.
    }
    this.write(LEAVE);
  };

  private readonly onData = (chunk: Buffer | string): void => {
    for (const key of keysIn(chunk.toString())) this.listener.onKey(key);
  };

  private readonly onEnd = (): void => this.gone();

  private readonly onResize = (): void => {
    this.forget();
    this.listener.onRedraw();
  };

  private readonly onContinue = (): void => {
    this.enter();
    this.listener.onRedraw();
  };

  private write(text: string): void {
    if (this.isGone) return;
    try {
      writeFully(OUTPUT, text);
    } catch {
      this.gone();
    }
  }

  private gone(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.isOpen = false;
    this.listener.onGone();
  }
}

/** Waits until any key is pressed, the input ends, or `signal` aborts. */
async function aKey(signal: AbortSignal): Promise<void> {
  process.stdin.setRawMode(true);
  process.stdin.resume();
  await new Promise<void>((resolve) => {
    const done = (): void => resolve();
    process.stdin.once('data', done);
    process.stdin.once('end', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
  process.stdin.setRawMode(false);
}
