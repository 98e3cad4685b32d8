import { AppError } from '../../util/errors.ts';
import type { FailureReason } from './agent-event.ts';

/** A failed call of an engine, with what the words of its program explain. */
export class EngineError extends AppError {
  readonly reason: FailureReason | undefined;

  constructor(reason: FailureReason | undefined, ...error: ConstructorParameters<typeof AppError>) {
    super(...error);
    this.reason = reason;
  }
}
