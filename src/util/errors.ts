import type { ErrorCode } from './error-codes.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { rawText, said, type Text, type Words } from './words.ts';

interface AppErrorOptions {
  /** What the user can do about it: one line. */
  readonly hint?: string;
  /** The exit code of the command that ends with this error; 1 by default. */
  readonly exit?: ExitCode;
  /** Output of another program that belongs in a log, not on the terminal. */
  readonly details?: string;
  readonly cause?: unknown;
}

/**
 * A failure that was foreseen: `message` says what in one line, `hint` what to do. `code` is a stable snake_case name
 * for programs. Everything else that is thrown is a bug. What others said in the message may hold a secret: whoever shows
 * or writes it takes the `words`.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exit: ExitCode;
  readonly details: string | undefined;
  /** The message in parts: kugetsu's own, and what others said. */
  readonly words: Text;

  constructor(code: ErrorCode, message: Text, options: AppErrorOptions = {}) {
    super(rawText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.words = message;
    this.code = code;
    this.hint = options.hint;
    this.exit = options.exit ?? EXIT.failed;
    this.details = options.details;
  }
}

/** The error that tells of a run's end: its code is the class of the verdict, which may be that of any version. */
export class RunError extends AppError {
  override readonly code: string;

  constructor(verdictClass: string, message: Text, options: AppErrorOptions = {}) {
    super('no_verdict', message, options);
    this.code = verdictClass;
  }
}

/** A wrong call of kugetsu: exit code 2. */
export function usageError(message: Text, hint: string): AppError {
  return new AppError('usage', message, { hint, exit: EXIT.usage });
}

/** The `code` of a system error (`ENOENT`, `ENOSPC`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** The message of anything thrown, as it is: it may hold a secret. See {@link wordsOf}. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of anything thrown in parts; of a mistake in kugetsu nobody knows what is in it. */
export function wordsOf(error: unknown): Words {
  if (error instanceof AppError) return typeof error.words === 'string' ? [error.words] : error.words;
  return errnoOf(error) === undefined ? [said(messageOf(error), 500)] : [messageOf(error)];
}

/** For `catch`: a file that is damaged counts as one that is not there; any other error goes on. */
export function unlessDamaged(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'corrupt_file') return undefined;
  throw error;
}

/** For `catch`: what the system has refused is passed over, and everything else thrown again. */
export function unlessRefused(error: unknown): undefined {
  if (errnoOf(error) === undefined) throw error;
  return undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room and run the command again; no file was left half-written',
  EDQUOT: 'the disk quota is used up: make room and run the command again; no file was left half-written',
  EROFS: 'the file system is read-only; KUGETSU_DIR can name another directory',
  EACCES: 'check who owns that path and its mode; KUGETSU_DIR can name another directory',
  EPERM: 'check who owns that path and its mode; KUGETSU_DIR can name another directory',
  ENOTDIR: 'a file stands where a directory is needed',
  EISDIR: 'a directory stands where a file is needed',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  EAGAIN: 'the limit of processes is reached: end some, or raise it (ulimit -u)',
  EIO: 'the disk behind that path has an error; the system log may say why',
  ENFILE: 'too many files are open on this machine',
  ENAMETOOLONG: 'that path is too long; KUGETSU_DIR can name another directory',
  ELOOP: 'that path is a link that leads back to itself',
  ENOENT: 'a path is missing; check that the current directory and the home exist',
};

/** What somebody can do about an error of the system, in one line; `code` is `ENOSPC`, `EACCES`, … */
export function systemHint(code: string): string {
  return HINTS[code] ?? 'the system refused that; check the path and the disk';
}
