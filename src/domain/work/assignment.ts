import type { RunAgent } from '../agent-env/agents.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import type { Heard } from '../runs/hear.ts';
import type { Inherited, Evidence, Run, Verdict } from '../runs/run-schema.ts';
import type { RunLog } from '../runs/run-log.ts';
import type { RecordedRun } from './recorded-run.ts';
import type { DoneRules } from './until-done.ts';

/** Where an agent goes to work. */
export interface Workplace {
  readonly session: string;
  /** The absolute real path that opencode has stored for the session. */
  readonly directory: string;
  readonly model: string | undefined;
  /** The checkout that the base session is of, which is the user's and not the agent's. */
  readonly mainCheckout?: string | undefined;
  /** The branch of the issue, which the agent may push. */
  readonly branch?: string | undefined;
  /** The number of the pull request whose branch that is. */
  readonly pullRequest?: number | undefined;
  /** The name of the branch from which its work begins, as far as it is known. */
  readonly base?: string | undefined;
  /** What the session has of the one that it was forked from. */
  readonly inherited?: Inherited | undefined;
}

/** Where an agent sits, for what is run there beside it. */
export interface AgentSeat {
  readonly directory: string;
  /** The agent's environment, with the run's id. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tempDirectory: string;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/** What the supervision of a run needs to know of the thing that the run is for. */
export interface Assignment {
  /** What the log calls it: an issue ref or a task id. */
  readonly subject: string;
  readonly kind: Run['kind'];
  /** Whose env files the agent gets. */
  readonly agent: RunAgent;
  /** The issue whose repository the agent's git may reach. */
  readonly issue?: IssueRef;
  /** What the agent is told. */
  readonly message: string;
  /** What a person asked for, when the agent is told more than that. */
  readonly asked?: string | undefined;
  readonly debug: boolean;
  readonly log: string;
  /** Variables that the agent's processes get. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly record: RecordedRun;
  /** Makes everything ready for the agent, or throws when `signal` aborts. Whatever is thrown becomes the verdict. */
  prepare(log: RunLog, signal: AbortSignal): Promise<Workplace>;
  /** Called when the agent is at work. */
  atWork(): Promise<void>;
  /** Called with every event of the agent. */
  onEvent?(event: Heard): void;
  /** What the agent's word is held to; nothing without. */
  rules?(at: AgentSeat): Promise<DoneRules>;
  /** The verdict by what the task knows beside how the agent ended. */
  reconsider?(verdict: Omit<Verdict, 'evidence'>): Promise<Omit<Verdict, 'evidence'>>;
  /** Called when the agent has ended, before the verdict: keeps what others could take away. Never throws. */
  keep?(log: RunLog): Promise<void>;
  evidence(): Promise<Evidence | null>;
  /** Called when the verdict is on disk, and what waits for it is settled. */
  afterwards?(verdict: Verdict): Promise<void>;
}
