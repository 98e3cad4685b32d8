import { AppError, errnoOf, messageOf } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { said, words } from '../../util/words.ts';
import type { ServerAddress } from './address.ts';

/** The SQLSTATE of a failed statement: five characters, of which the first two are the class; undefined when the server said none. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) && errnoOf(error) === undefined ? error.code : undefined;
}

/**
 * Whether a statement failed because the connection, or the server, went away: it may have been executed or not. The
 * server's own words for that are class 08 and 57P01 to 57P03 (PostgreSQL's manual, appendix A); all that pg says without a
 * SQLSTATE is of the connection.
 */
export function isLost(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || state.startsWith('08') || /^57P0[1-3]$/.test(state);
}

/** The error for a server that gives no connection, in words that do not have the password. */
export function unreachable({ shown }: ServerAddress, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const state = sqlState(error);
  const why = STATES[state ?? ''] ?? REASONS[errnoOf(error) ?? ''] ?? phrase(messageOf(error));
  return new AppError('queue_unreachable', words`the fleet's queue cannot be reached: ${said(why)} (${said(shown)})`, {
    hint: 'run: kugetsu fleet status; what is queued meanwhile is kept here',
    exit: EXIT.busy,
    cause: error,
  });
}

/** The error for a statement that the server has refused. */
export function refused(error: unknown): AppError {
  return new AppError('queue_refused', words`the fleet's queue refused a statement: ${said(messageOf(error))}`, {
    hint: 'run: kugetsu doctor',
    exit: EXIT.notReady,
    cause: error,
  });
}

const STATES: Readonly<Record<string, string>> = {
  '28P01': 'wrong user or password',
  '28000': 'this user may not connect from here',
  '3D000': 'there is no such database',
  '53300': 'the server has no connection left',
  '57P03': 'the server is starting or stopping',
};

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOENT: 'there is no such socket',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ETIMEDOUT: 'no answer',
  EPIPE: 'connection lost',
};

/** What pg says, in other words where it has its own for something common. */
function phrase(message: string): string {
  if (message === 'timeout expired' || message === 'Query read timeout') return 'no answer in 3 s';
  if (message === 'The server does not support SSL connections')
    return 'the server offers no TLS; sslmode=disable does without';
  // Bun says it without the hyphen.
  if (/^(?:self.signed certificate|unable to (?:get|verify) )/.test(message))
    return `${message.replace('self signed', 'self-signed')}; sslrootcert=PATH in the URL names one to trust`;
  if (message === 'Connection terminated unexpectedly') return 'the connection was closed; is it a PostgreSQL server?';
  return message;
}

/** Whether the server refused a statement because this user has not the right to it (SQLSTATE 42501). */
export function mayNot(error: unknown): boolean {
  return sqlState(error) === '42501';
}

/** The unique index that a statement would have broken (SQLSTATE 23505); undefined for any other failure. */
export function conflictOf(error: unknown): string | undefined {
  if (sqlState(error) !== '23505' || !(error instanceof Error)) return undefined;
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : '';
}
