import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../util/errors.ts';
import { plainText } from '../../util/text.ts';
import { rawText, said, words } from '../../util/words.ts';
import { EngineError } from '../engine/agent-event.ts';
import { runCommand, type CommandResult } from '../process/run-command.ts';
import { mkdtemp, rm } from '../store/changes.ts';
import { scratchPrefix } from '../store/scratch.ts';
import { knownReason } from './stderr-reasons.ts';
import { withCatalogue, withoutInherited, type CatalogueOptions } from './models/model-catalogue.ts';
import type { SessionSource } from './session-files.ts';

/** How long a call may take unless the caller says otherwise, in milliseconds. */
const TIMEOUT_MS = 120_000;

// What a debugger sets for the programs that it starts. opencode obeys it, too: it waits for the debugger, or is Bun itself.
const NOT_FOR_OPENCODE = [
  'BUN_INSPECT',
  'BUN_INSPECT_CONNECT_TO',
  'BUN_INSPECT_PRELOAD',
  'BUN_INSPECT_NOTIFY',
  'BUN_BE_BUN',
];

/** An opencode binary, and the environment that it gets. */
export interface OpencodeCli {
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The longest that a call may take, in milliseconds. */
  readonly limitMs?: number | undefined;
  /** The catalogue that it gets; its own one without. */
  readonly catalogue?: CatalogueOptions | undefined;
  /** A server that may do what short commands do for sessions. */
  readonly server?: SessionServer | undefined;
}

interface CallOptions {
  /** Gets standard output instead of the result. */
  readonly stdoutFile?: string | undefined;
  /** Whether opencode starts the user's plugins, any of which may hang. */
  readonly plugins?: boolean;
  /** Whether it loads the configuration that it finds in the directory. */
  readonly projectConfig?: boolean;
}

/**
 * Runs one of opencode's short commands in `cwd`.
 *
 * @throws AppError `opencode_failed` with opencode's reason in one line
 */
export async function runOpencode(...command: Parameters<typeof tryOpencode>): Promise<CommandResult> {
  const [, args] = command;
  const result = await tryOpencode(...command);
  if (result.exitCode !== 0) throw opencodeFailed(args, result);
  return result;
}

/** As {@link runOpencode}, with the result whatever it is. */
export async function tryOpencode(
  cli: OpencodeCli,
  args: readonly string[],
  cwd: string,
  { stdoutFile, plugins = false, projectConfig = false }: CallOptions = {},
): Promise<CommandResult> {
  const env = {
    ...driverEnvironment(cli.env, cwd),
    // What it would find in a repository there is not for these commands.
    ...(projectConfig ? {} : { OPENCODE_DISABLE_PROJECT_CONFIG: '1' }),
    ...(plugins ? {} : { OPENCODE_PURE: '1' }),
  };
  return runHasty({
    ...(stdoutFile === undefined ? {} : { stdoutFile }),
    command: cli.path,
    args,
    cwd,
    env: await withCatalogue({ program: cli.path, env, directory: cwd, plugins }, cli.catalogue),
    timeoutMs: cli.limitMs ?? TIMEOUT_MS,
  });
}

/**
 * As {@link runCommand}, for a program that exits before its output has gone through a pipe, as opencode does: both
 * streams go straight to files. It gets a temporary directory of its own, because each call leaves a shared library of
 * some megabytes there.
 */
export async function runHasty(options: Parameters<typeof runCommand>[0]): Promise<CommandResult> {
  const scratch = await mkdtemp(scratchPrefix('opencode'));
  const files = { stdoutFile: join(scratch, 'stdout'), stderrFile: join(scratch, 'stderr') };
  try {
    const result = await runCommand({ ...files, ...options, env: { ...options.env, TMPDIR: scratch } });
    const stdout = options.stdoutFile === undefined ? await readFile(files.stdoutFile, 'utf8') : '';
    return { ...result, stdout, stderr: await readFile(files.stderrFile, 'utf8') };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The environment of every opencode: `PWD` decides where it works, and nothing is downloaded or updated on the way. */
export function driverEnvironment(env: OpencodeCli['env'], directory: string): OpencodeCli['env'] {
  const removed = Object.fromEntries(NOT_FOR_OPENCODE.map((name) => [name, undefined]));
  return {
    ...withoutInherited(env),
    ...removed,
    PWD: directory,
    OPENCODE_DISABLE_FFF: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
  };
}

/** What went wrong with a command of opencode's, in one line; the output is in the details. */
export function opencodeFailed(args: readonly string[], result: CommandResult): AppError {
  const name = args.slice(0, args[0] === 'session' || args[0] === 'debug' ? 2 : 1).join(' ');
  const output = plainText(`${result.stdout}\n${result.stderr}`).trim();
  if (result.timedOut) {
    const seconds = Math.round(result.durationMs / 1000);
    return new AppError('opencode_hangs', `opencode ${name} gave no answer within ${seconds} seconds`, {
      hint: 'run: kugetsu doctor',
      details: output,
    });
  }
  const line = failureLine(plainText(result.stderr)) || output;
  const reason = line === '' ? `exit code ${result.exitCode ?? result.signal}` : said(line);
  const message = words`opencode ${name} failed: ${reason}`;
  return new EngineError(knownReason(rawText(message)), 'opencode_failed', message, { details: output });
}

function failureLine(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const at = lines.findIndex((line) => line.startsWith('Error:'));
  const reason = lines[at]?.slice(6).trim() ?? '';
  // The cause stands below: `Error: Unexpected error`, an empty line, `database is locked`.
  return reason === 'Unexpected error' ? [reason, ...lines.slice(at + 1, at + 2)].join(': ') : reason;
}

/** A session that a server did not store. */
export interface LeftToImport {
  /** All of it. */
  readonly source: SessionSource;
  /** Whether some of it may be stored all the same: an import adds nothing to what is there. */
  readonly isBegun: boolean;
}

/** A server of opencode that does for sessions what its short commands do, without a process for each. */
export interface SessionServer {
  /** Whether there is one, once the one has begun that is being started. */
  isUp(): Promise<boolean>;
  /** The rows that a statement gives in opencode's database; undefined when `opencode db` has to be asked. */
  rows(statement: string): Promise<unknown>;
  /**
   * Stores a session for a directory, an absolute real path in which all that will be there is there: opencode boots in it.
   *
   * @returns undefined when it is stored, and otherwise what is left to be imported
   */
  store(source: SessionSource, directory: string): Promise<LeftToImport | undefined>;
  /** Deletes a session. @returns false when a command has to */
  remove(id: string): Promise<boolean>;
  /** Says that an agent is at work in the directory, or that none comes: what was booted there for a session may go with it. */
  leave(directory: string): void;
}
