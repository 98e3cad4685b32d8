import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import { AppError, errnoOf, systemHint } from '../../util/errors.ts';
import { parseJson } from '../../util/loose-object.ts';
import { said, words } from '../../util/words.ts';
import type { Clock } from '../clock.ts';
import type { AgentExit } from '../engine/agent-engine.ts';
import { LoopbackClient } from '../engine/http/loopback-client.ts';
import { sendSignal } from '../process/end-processes.ts';
import { definedOnly } from '../process/environment.ts';
import { rememberGroup } from '../process/live-groups.ts';
import { randomBytes } from '../random.ts';
import { change } from '../store/change.ts';

const ARGUMENTS = ['serve', '--stdio', '--hostname', '127.0.0.1', '--port', '0'];
const USER = 'opencode';

/** How long a server may take to end by itself, and then after TERM, in milliseconds. */
const LEAVE_MS = 3000;

// What a server says of itself is for its log; the last lines explain why it did not start.
const MAX_LINES = 50;
const MAX_LINE = 4000;

const AddressSchema = z.looseObject({ url: z.string() });

interface ServerProgram {
  readonly path: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Gets each line that the server says on standard error. */
  readonly onLine?: (line: string) => void;
}

/**
 * A server of opencode 2 that nobody else uses: it listens on the loopback only, with a password that is on no disk and in no
 * command line. Its standard input is a lease: it ends with the process that holds the other end, however that ends.
 */
export class PrivateServer {
  readonly pid: number;
  /** Resolves when it has ended; never rejects. */
  readonly exit: Promise<AgentExit>;
  /** Who calls it. Rejects with `opencode_failed` when it ends before it listens. */
  readonly client: Promise<LoopbackClient>;
  private readonly child: ChildProcess;
  private readonly clock: Clock;
  private readonly lines: string[] = [];
  private hasEnded = false;

  private constructor(child: ChildProcess, password: string, { clock, onLine }: ServerProgram) {
    this.child = child;
    this.clock = clock;
    this.pid = child.pid ?? -1;
    const forget = rememberGroup(this.pid);
    this.exit = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.hasEnded = true;
        forget();
        resolve({ exitCode: code ?? undefined, signal: signal ?? undefined });
      });
    });
    child.stdin?.on('error', () => undefined);
    this.hearErrors(onLine);
    this.client = this.address().then((url) => new LoopbackClient({ url, user: USER, password }));
    // Whoever waits for it is told; nobody has to.
    this.client.catch(() => undefined);
  }

  /** Starts one. @throws AppError `cannot_start` when there is no such program or it may not be run */
  static async start(program: ServerProgram): Promise<PrivateServer> {
    const { path, cwd, env } = program;
    const password = randomBytes(24).toString('hex');
    const child = await change('start', [path, ...ARGUMENTS].join(' '), async () => {
      const started = spawn(path, ARGUMENTS, {
        cwd,
        env: definedOnly({ ...env, PWD: cwd, OPENCODE_PASSWORD: password }),
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      await new Promise<void>((resolve, reject) => {
        started.once('spawn', resolve);
        started.once('error', (cause) => {
          const hint = systemHint(errnoOf(cause) ?? '');
          reject(new AppError('cannot_start', `cannot start ${path}: ${cause.message}`, { hint, cause }));
        });
      });
      return started;
    });
    return new PrivateServer(child, password, program);
  }

  /** Ends it: by giving up the lease first, then by signals. Resolves when it has ended. */
  async end(): Promise<void> {
    this.child.stdin?.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.hasEndedWithin(LEAVE_MS)) return;
      sendSignal(this.pid, signal);
    }
    await this.exit;
  }

  /** Ends it when nothing is going on in it, which is quicker. */
  async quit(): Promise<void> {
    if (!this.hasEnded) sendSignal(this.pid, 'SIGTERM');
    await this.end();
  }

  private async hasEndedWithin(ms: number): Promise<boolean> {
    const ended = new AbortController();
    void this.exit.then(() => ended.abort());
    await this.clock.sleep(ms, ended.signal);
    return this.hasEnded;
  }

  private async address(): Promise<string> {
    const { stdout } = this.child;
    return new Promise((resolve, reject) => {
      if (stdout === null) return reject(new Error('no standard output'));
      // It is read to its end: a server whose output nobody takes would stand still.
      createInterface({ input: stdout }).on('line', (line) => {
        const url = AddressSchema.safeParse(parseJson(line)).data?.url;
        if (url !== undefined) resolve(url);
      });
      void this.exit.then((exit) => reject(this.notStarted(exit)));
    });
  }

  private hearErrors(onLine: ServerProgram['onLine']): void {
    const { stderr } = this.child;
    if (stderr === null) return;
    createInterface({ input: stderr }).on('line', (text) => {
      const line = text.slice(0, MAX_LINE);
      this.lines.push(line);
      if (this.lines.length > MAX_LINES) this.lines.shift();
      onLine?.(line);
    });
  }

  private notStarted({ exitCode, signal }: AgentExit): AppError {
    const details = this.lines.join('\n');
    const last = this.lines.findLast((line) => line.trim() !== '') ?? '';
    const reason = last === '' ? (signal ?? `exit code ${exitCode ?? 'unknown'}`) : said(last);
    const message = words`opencode serve ended before it listened: ${reason}`;
    return new AppError('opencode_failed', message, { details, hint: 'run: kugetsu doctor --try-opencode' });
  }
}
