import { fstatSync } from 'node:fs';
import { errnoOf, messageOf } from '../util/errors.ts';
import { plainText, terminalText } from '../util/text.ts';
import { writeFully } from './write-fully.ts';

/** The streams and what they can do. Data goes to `out`, everything else to `err`. */
export interface Terminal {
  /** Whether a person can be asked: input and output are terminals. */
  readonly interactive: boolean;
  /** Whether standard output is a terminal. */
  readonly ruled: boolean;
  /** How many columns standard output has, as a terminal; a program's has no limit. */
  readonly columns: number;
  /** Whether standard output, or standard error, shows colours. */
  readonly colour: { readonly out: boolean; readonly err: boolean };
  /** Writes text to standard output, with a newline at its end; on a terminal nothing but text and colours. */
  out(text: string): void;
  /** Writes text to standard error, with a newline at its end. */
  err(text: string): void;
  /** Shows progress in a line of its own on standard error, which replaces the last one; only on a terminal. */
  progress(text: string): void;
  /** Everything that comes on standard input. */
  readInput(): Promise<string>;
  /** The same, as it is. */
  readInputBytes(): Promise<Uint8Array>;
  /**
   * Asks a question that `y` or `yes` agrees to, and any other line refuses. `broken_off` when the user interrupts (^C), or
   * ends the input (^D).
   */
  confirm(question: string): Promise<Answer>;
}

/** What came of a question. */
export type Answer = 'yes' | 'no' | 'broken_off';

const OUTPUT = 1;
const ERRORS = 2;
// What a terminal has when nobody says.
const USUAL_COLUMNS = 80;

/**
 * The terminal of this process. A reader of standard output that has left ends it quietly. The streams of `process` are
 * used only where there is no other way: to make one takes longer than most commands.
 */
export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const colours = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const input = once(() => isTerminal(0, () => process.stdin.isTTY));
  const output = once(() => isTerminal(OUTPUT, () => process.stdout.isTTY));
  const errors = once(() => isTerminal(ERRORS, () => process.stderr.isTTY));
  let hasProgress = false;
  return {
    get interactive() {
      return input() && output();
    },
    get ruled() {
      return output();
    },
    get columns() {
      return output() ? columnsOf(env['COLUMNS']) : Infinity;
    },
    get colour() {
      return { out: colours && output(), err: colours && errors() };
    },
    out: (text) => writeOutput(output() ? terminalText(text) : text),
    err: writeError,
    progress(text) {
      if (!errors() || (text === '' && !hasProgress)) return;
      hasProgress = text !== '';
      writeProgress(text);
    },
    readInput: async () => (await readAll(process.stdin)).toString('utf8'),
    readInputBytes: async () => readAll(process.stdin),
    confirm: async (question) => confirm(`${question} [y/N] `),
  };
}

/**
 * Writes text to standard error, with a newline at its end. Nothing in it moves the cursor or says anything else to a
 * terminal, whatever another program, a repository or a file has put there.
 */
export function writeError(text: string): void {
  try {
    writeFully(ERRORS, withNewline(terminalText(text)));
  } catch {
    // What nobody reads any more is no reason to end.
  }
}

// Moves the cursor to the beginning of the line and clears it.
function writeProgress(text: string): void {
  try {
    writeFully(ERRORS, `\r\u001B[K${plainText(text)}`);
  } catch {
    // What nobody reads any more is no reason to end.
  }
}

function writeOutput(text: string): void {
  try {
    writeFully(OUTPUT, withNewline(text));
  } catch (error) {
    if (errnoOf(error) === 'EPIPE') process.exit(0);
    writeError(`kugetsu: cannot write to standard output: ${messageOf(error)}`);
    process.exit(1);
  }
}

async function confirm(prompt: string): Promise<Answer> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = new Promise<Answer>((resolve) => {
    lines.once('line', (line) => resolve(/^y(?:es)?$/i.test(line.trim()) ? 'yes' : 'no'));
    lines.once('SIGINT', () => resolve('broken_off'));
    lines.once('close', () => resolve('broken_off'));
  });
  lines.setPrompt(prompt);
  lines.prompt();
  try {
    const given = await answer;
    // The cursor still stands behind the question.
    if (given === 'broken_off') writeError('\n');
    return given;
  } finally {
    lines.close();
  }
}

/** Whether a standard stream is a terminal; only what is a character device, and no well-known one, has to be asked. */
function isTerminal(fd: number, ask: () => boolean): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isCharacterDevice() && (wellKnown(stats.rdev) ?? ask());
  } catch {
    // It is closed.
    return false;
  }
}

/** What Linux's devices.txt says of a character device: /dev/null and the like are no terminals, pseudo-terminals are. */
function wellKnown(device: number): boolean | undefined {
  if (process.platform !== 'linux') return undefined;
  // makedev(3): the lower twelve bits of the major number are bits 8 to 19.
  const major = Math.floor(device / 256) % 4096;
  if (major === 1) return false;
  return major >= 136 && major <= 143 ? true : undefined;
}

// What the user has asked for, as with git, else the size of the window; a pseudo-terminal may have none.
function columnsOf(asked: string | undefined): number {
  const wanted = /^[1-9]\d{0,3}$/.test(asked ?? '') ? Number(asked) : process.stdout.columns;
  return wanted > 0 ? wanted : USUAL_COLUMNS;
}

function once(find: () => boolean): () => boolean {
  let found: boolean | undefined;
  return () => (found ??= find());
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
