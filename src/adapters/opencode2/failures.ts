import { kindOf } from '../../util/error-codes.ts';
import { AppError } from '../../util/errors.ts';
import { type FailureReason, EngineError } from '../engine/agent-event.ts';
import type { StructuredError } from './schemas.ts';

/** What an error of opencode 2 comes to, in the words of all engines. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly statusCode: number | undefined;
  readonly retryable: boolean | undefined;
  readonly reason: FailureReason | undefined;
  readonly filtered: boolean;
}

// What its errors are called (measured with a preview of 2.0 against a model that fails in each way), and the status of a
// model's server that means the same; the message may have that status itself.
const STATUS: Readonly<Record<string, number>> = {
  'provider.auth': 401,
  'provider.invalid-request': 400,
  'provider.rate-limit': 429,
  'provider.internal': 500,
};

const FINAL = new Set(['provider.auth', 'provider.invalid-request', 'provider.content-filter', 'provider.no-route']);

/** The agent that was asked for cannot work. */
export const AGENT_UNAVAILABLE: FailureReason = {
  class: 'agent_unavailable',
  message: 'the agent that AGENT_NAME names is unknown to opencode, disabled, or a subagent',
  retryable: false,
  rank: 0,
};

const REASONS: readonly (readonly [RegExp, FailureReason])[] = [
  [
    /session_missing|session not found/i,
    { class: 'session_missing', message: 'opencode no longer has the session', retryable: false, rank: 1 },
  ],
  [/agent (?:not found|unavailable|is (?:disabled|a subagent))|unknown agent/i, AGENT_UNAVAILABLE],
  [
    /provider\.no-route|model (?:unavailable|not found)|no (?:default )?model/i,
    { class: 'unknown_model', message: 'opencode does not know the model', retryable: false, rank: 3 },
  ],
  [
    /database is locked|SQLITE_BUSY/i,
    { class: 'database_locked', message: "opencode's database was locked", retryable: true, rank: 4 },
  ],
  [
    /ENOSPC|disk is full|no space left/i,
    { class: 'disk_full', message: 'the disk is full', retryable: false, rank: 6 },
  ],
  [
    /^(?:moved|session_elsewhere)\b/,
    { class: 'session_elsewhere', message: 'the session is not where its agent works', retryable: false, rank: 2 },
  ],
  [
    /EROFS|read-?only (?:file system|database)/i,
    { class: 'read_only', message: "opencode's data directory is read-only", retryable: false, rank: 7 },
  ],
];

const OF_THE_MACHINE = new Set(['database_locked', 'disk_full', 'read_only']);

/** What a server does that fails, rather than the model behind it: the codes of the errors of calls. */
const OF_THE_SERVER = /^opencode_(?:hangs|unreachable|unexpected|failed|unsupported)$/;

/** Reads an error of opencode 2. */
export function failureOf({ type, message }: StructuredError): Failure {
  const told = /\bHTTP (\d{3})\b/.exec(message)?.[1];
  const reason = reasonIn(`${type} ${message}`) ?? reasonOfTheServer(type);
  return {
    name: type,
    message: message === '' ? type : message,
    statusCode: told === undefined ? STATUS[type] : Number(told),
    retryable: FINAL.has(type) ? false : reason?.retryable,
    reason,
    filtered: type === 'provider.content-filter',
  };
}

/** What the server's own last words explain; of agents and models it says more in other places. */
export function reasonInWords(line: string): FailureReason | undefined {
  const reason = reasonIn(line);
  return reason !== undefined && OF_THE_MACHINE.has(reason.class) ? reason : undefined;
}

/** The error of a call, with what opencode's words in it explain. */
export function explained(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'opencode_failed') return error;
  const { words, details, hint, exit } = error;
  const options = {
    exit,
    cause: error,
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  };
  return new EngineError(reasonIn(error.message), 'opencode_failed', words, options);
}

function reasonIn(text: string): FailureReason | undefined {
  return REASONS.find(([pattern]) => pattern.test(text))?.[1];
}

function reasonOfTheServer(code: string): FailureReason | undefined {
  if (!OF_THE_SERVER.test(code)) return undefined;
  return { class: code, message: "opencode's server failed", retryable: kindOf(code) === 'passing', rank: 8 };
}
