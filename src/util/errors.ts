import { EXIT, type ExitCode } from './exit-codes.ts';

interface AppErrorOptions {
  /** What the user can do about it: one line. */
  readonly hint?: string;
  /** The exit code of the command that ends with this error; 1 unless told. */
  readonly exit?: ExitCode;
  /** Output of another program that belongs in a log, not on the terminal. */
  readonly details?: string;
  readonly cause?: unknown;
}

/**
 * A failure that was foreseen: `message` says what in one line, `hint` what to do. `code` is a stable snake_case name
 * for programs. Everything else that is thrown is a bug.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exit: ExitCode;
  readonly details: string | undefined;

  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exit = options.exit ?? EXIT.failed;
    this.details = options.details;
  }
}

/** A wrong call of kugetsu: exit code 2. */
export function usageError(message: string, hint: string): AppError {
  return new AppError('usage', message, { hint, exit: EXIT.usage });
}

/** The `code` of a system error (`ENOENT`, `ENOSPC`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For `catch`: what the system has refused is passed over, and everything else thrown again. */
export function unlessRefused(error: unknown): undefined {
  if (errnoOf(error) === undefined) throw error;
  return undefined;
}
