import type { StoredSession } from '../../adapters/engine/agent-engine.ts';
import type { Context } from '../queue/context.ts';
import type { Finding } from './finding.ts';
import type { Survey } from './survey.ts';

/** What checks receive: one survey of the home's files, shared by all of them, and opencode's answer, asked once. */
export interface CheckContext extends Context {
  readonly survey: Survey;
  /** What opencode has of the tracked sessions, by id. */
  readonly stored: () => Promise<ReadonlyMap<string, StoredSession>>;
  /** Aborts when the check has taken too long. */
  readonly signal: AbortSignal;
}

/** One thing that doctor looks at. */
export interface Check {
  /** The name that its findings have. */
  readonly name: string;
  /** Whether there is nothing to look at before `init`. */
  readonly needsHome: boolean;
  /** Undefined for the usual time. */
  readonly limitMs?: number;
  readonly run: (context: CheckContext) => Promise<Finding[]>;
}
