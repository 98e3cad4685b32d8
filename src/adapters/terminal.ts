import { createInterface } from 'node:readline/promises';

/** The streams and what they can do. Data goes to `out`, everything else to `err`. */
export interface Terminal {
  /** Whether a person can be asked: input and output are terminals. */
  readonly interactive: boolean;
  /** Whether standard output is a terminal. */
  readonly ruled: boolean;
  /** Whether standard output, or standard error, shows colours. */
  readonly colour: { readonly out: boolean; readonly err: boolean };
  /** Writes text to standard output, with a newline at its end. */
  out(text: string): void;
  /** Writes text to standard error, with a newline at its end. */
  err(text: string): void;
  /** Everything that comes on standard input. */
  readInput(): Promise<string>;
  /** Asks a question that `y` or `yes` agrees to. */
  confirm(question: string): Promise<boolean>;
}

/** The terminal of this process. A reader of standard output that has left ends it quietly. */
export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdin, stdout, stderr } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    stderr.write(`kugetsu: cannot write to standard output: ${error.message}\n`);
    process.exit(1);
  });
  // What nobody reads any more is no reason to end.
  stderr.on('error', () => undefined);
  const colours = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return {
    interactive: stdin.isTTY && stdout.isTTY,
    ruled: stdout.isTTY,
    colour: { out: colours && stdout.isTTY, err: colours && stderr.isTTY },
    out: (text) => void stdout.write(withNewline(text)),
    err: (text) => void stderr.write(withNewline(text)),
    async readInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString('utf8');
    },
    async confirm(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(?:es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
  };
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
