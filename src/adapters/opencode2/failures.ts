import type { FailureReason } from '../engine/agent-event.ts';
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
];

/** Reads an error of opencode 2. */
export function failureOf({ type, message }: StructuredError): Failure {
  const told = /\bHTTP (\d{3})\b/.exec(message)?.[1];
  const reason = REASONS.find(([pattern]) => pattern.test(`${type} ${message}`))?.[1];
  return {
    name: type,
    message: message === '' ? type : message,
    statusCode: told === undefined ? STATUS[type] : Number(told),
    retryable: FINAL.has(type) ? false : reason?.retryable,
    reason,
    filtered: type === 'provider.content-filter',
  };
}
