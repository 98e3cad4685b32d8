import { AppError } from '../../util/errors.ts';

/** What the words of an engine's program explain. */
export interface FailureReason {
  readonly class: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Its place among the reasons; the lowest explains the most. */
  readonly rank: number;
}

/** Tokens of one step or of a whole run. */
export interface TokenCount {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

/** Something that an agent did or said, whichever engine runs it, as far as it means something to kugetsu. */
export type AgentEvent =
  | { readonly type: 'step_start' }
  | { readonly type: 'step_finish'; readonly reason: string; readonly tokens: TokenCount; readonly cost: number }
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | {
      readonly type: 'tool_use';
      readonly tool: string;
      readonly status: string;
      readonly summary: string;
      /** What it was called with, as JSON. */
      readonly input: string;
      /** What came of a command line: its exit code, and the beginning of what it printed. */
      readonly exitCode?: number;
      readonly output?: string;
      /** The end of what a command printed that failed. */
      readonly end?: string;
    }
  | {
      readonly type: 'error';
      readonly name: string;
      readonly message: string;
      readonly statusCode: number | undefined;
      readonly retryable: boolean | undefined;
      /** What the engine knows about errors of this kind. */
      readonly reason?: FailureReason | undefined;
      /** Whether it says that the model's content filter ended the answer. */
      readonly filtered?: boolean;
      /** Whether it does not say what went wrong, so that the engine's last words have to. */
      readonly vague?: boolean;
    }
  /** An event that this version does not know. */
  | { readonly type: 'unknown'; readonly name: string }
  /** A line that is no event at all. */
  | { readonly type: 'output'; readonly text: string };

/** One line of what an agent does, in the form that a log keeps; and what it means. */
export interface EventLine {
  readonly from: 'agent';
  readonly line: string;
  readonly event: AgentEvent;
}

/** One line of what the engine's program says beside it, on standard error for example; and what it explains. */
export interface Remark {
  readonly from: 'engine';
  readonly line: string;
  readonly reason: FailureReason | undefined;
  /** The part of the line that says why a call of the model has failed, which is tried again. */
  readonly failedCall: string | undefined;
}

/** What an engine hears of an agent. */
export type Utterance = EventLine | Remark;

/** A failed call of an engine, with what the words of its program explain. */
export class EngineError extends AppError {
  readonly reason: FailureReason | undefined;

  constructor(reason: FailureReason | undefined, ...error: ConstructorParameters<typeof AppError>) {
    super(...error);
    this.reason = reason;
  }
}
