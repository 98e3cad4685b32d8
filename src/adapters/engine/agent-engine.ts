import type { Utterance } from './agent-event.ts';
import type { RightsLack, SessionRights } from './session-rights.ts';

/** What an engine has stored of a session. */
export interface StoredSession {
  readonly id: string;
  /** The directory in which it runs, and in no other. */
  readonly directory: string;
  /** Its rights, in the engine's own form. */
  readonly permission: string | null;
  /** Milliseconds since the epoch; grows with every change. */
  readonly time_updated: number;
  readonly messages: number;
  readonly parts: number;
}

/** A session by its title. */
export interface TitledSession {
  readonly id: string;
  readonly title: string;
  readonly directory: string;
  /** Milliseconds since the epoch, as is `time_updated`. */
  readonly time_created: number;
  readonly time_updated: number;
  /** What its messages and their parts take where the engine keeps them, in bytes; indexes and the like come on top. */
  readonly bytes: number;
}

interface NewSession {
  readonly title: string;
  /** The absolute real path in which the session will run. */
  readonly directory: string;
  readonly rights: SessionRights;
}

/** What a session is that others are forked from. */
export type ForkRole = 'base' | 'pm_agent';

interface ForkRequest extends Omit<NewSession, 'directory'> {
  readonly base: string;
  /** Of each role one export is kept; `base` without. */
  readonly role?: ForkRole;
  /** The absolute real path in which the session will run, as soon as it is there: nothing needs to be in it yet. */
  readonly directory: string | Promise<string>;
  /** Called with how many tokens the conversation of the base takes, if the engine knows that. */
  readonly onContext?: (tokens: number) => void;
  /** Resolves when all is in it that will be there before the agent; as soon as it is there without. */
  readonly whole?: Promise<unknown> | undefined;
}

/** How large a session may be that goes to another machine: as it is sent, and with nothing compressed. */
export interface PackLimits {
  readonly bytes: number;
  readonly unpackedBytes: number;
}

/** Where agents of opencode 1 work: each in a process of its own, or in a server that they share; `auto` where that has passed its trial. */
export type EngineChoice = 'auto' | 'process' | 'server';

/** A message for the agent in a session, and how the agent is to work on it. */
export interface AgentRequest {
  readonly session: string;
  readonly directory: string;
  readonly message: string;
  /** `provider/model`; the engine's own choice without. */
  readonly model: string | undefined;
  readonly debug: boolean;
  /** The agent that works, by its name; the engine's own choice without, which the user's configuration may make any other. */
  readonly agent?: string;
  /** Ask the model itself: without the engine's instructions, without tools, one step. */
  readonly bare?: boolean;
  /** Whether it loads the configuration that it finds in the directory: plugins, MCP servers, commands; not by default. */
  readonly projectConfig?: boolean;
  /** A file of instructions for the agent, besides those that it finds in the directory. */
  readonly notes?: string | undefined;
  /** Skills that the agent is not offered, though they are installed. */
  readonly hiddenSkills?: readonly string[];
  /** The agent's environment, with the run's id in it; what the engine's own program needs comes on top. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The run in which an agent works. */
export interface RunPlace {
  /** Every process of the run has it as `KUGETSU_RUN_ID`. */
  readonly runId: string;
  /** A private directory that is there, where an engine may put what it needs until the agent has ended. */
  readonly runDirectory: string;
}

/** How an agent ended: the process that did its work. */
export interface AgentExit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

/** An agent at work. Whoever has it calls `close` once the agent has ended. */
export interface AgentHandle {
  /** The process that answers for the agent. */
  readonly pid: number;
  /**
   * What was heard of the agent since the last call, each line once and in order; it ends where there is no more for now.
   * After `ended` it gives all that is left.
   */
  events(): AsyncIterable<Utterance>;
  /** Resolves when the agent has ended; never rejects. */
  readonly ended: Promise<AgentExit>;
  /** Ends the agent and every process of its run, and resolves when it has ended. */
  stop(): Promise<void>;
  /** Whether it has worked since this was asked last, or since its start: a tool may do so for long without a word. */
  alive(): boolean;
  /** Lets go of what was opened for the agent. */
  close(): Promise<void>;
}

/** What an engine starts besides itself: nothing of it is kugetsu's, and any of it may hang. */
export interface Extensions {
  /** Paths and package names of plugins. */
  readonly plugins: readonly string[];
  /** Names of MCP servers that are not switched off. */
  readonly mcpServers: readonly string[];
}

/**
 * What runs agents, by what kugetsu wants of it: it keeps sessions, and works in them. Nothing above it knows which engine it
 * is. Every call throws AppError: `opencode_missing`, `opencode_too_old` or `opencode_unsupported` (exit code 3),
 * `opencode_failed` (an EngineError) with the program's own reason, `opencode_unexpected` when it answered something that is
 * not understood, `opencode_hangs` when it answered nothing in the time of a start; the raw output is in `details`.
 */
export interface AgentEngine {
  /** Makes an empty session without a model call. @returns its id */
  createSession(session: NewSession): Promise<string>;
  /**
   * Copies a session, context and all, into a session that lives in another directory, and proves that it is stored whole
   * and for that directory. Of a copy that fails nothing is left, as far as the engine lets it be deleted.
   * @returns the new session's id
   */
  forkSession(request: ForkRequest): Promise<string>;
  /** What is stored of these sessions; a session that is not known is left out. */
  describeSessions(ids: readonly string[]): Promise<StoredSession[]>;
  /** How many answers in a session are complete: neither interrupted nor failed. */
  finishedAnswers(id: string): Promise<number>;
  /** Makes `directory`, an absolute real path, the one in which a session runs. */
  moveSession(id: string, directory: string): Promise<void>;
  /**
   * Brings a session back that is lost, if it is one of which an export was kept.
   * @returns whether it is there again, whole
   */
  restoreSession(id: string, directory: string): Promise<boolean>;
  /**
   * A session as another machine's engine of the same major version takes it, without what no copy is to have.
   *
   * @throws AppError `session_too_large` (exit code 1); `opencode_unsupported` when this engine gives no session out
   */
  packSession(id: string, limits: PackLimits): Promise<Uint8Array>;
  /**
   * Makes a session of a packed one, with what was said in it, and proves it as that of a fork.
   *
   * @returns its id, which is new
   */
  unpackSession(packed: Uint8Array, limits: PackLimits, session: NewSession): Promise<string>;
  /** Gives a session these rights in place of those it has, and reads them back. */
  setRights(id: string, rights: SessionRights): Promise<void>;
  /** Why a session, as it is stored, does not have these rights; undefined when it has them. */
  lackOfRights(stored: StoredSession, rights: SessionRights): Promise<RightsLack | undefined>;
  /** The ids of the sessions that were made in `directory` since `sinceMs`, newest first. */
  sessionsCreatedIn(directory: string, sinceMs: number): Promise<string[]>;
  /** All sessions of all projects whose title begins with `prefix`, but those that a session started itself. */
  sessionsTitled(prefix: string): Promise<TitledSession[]>;
  /** Deletes a session; one that is gone already is fine. */
  deleteSession(id: string): Promise<void>;
  /**
   * Makes ready what an agent like this one shares with others, while its place is made; the session and the directory do not
   * matter yet, and nobody is asked about the agent where nothing is shared. Never rejects: `run` says what is wrong. The `choice` holds for this agent in
   * place of the home's own.
   */
  ready(request: () => Promise<AgentRequest>, choice?: EngineChoice): Promise<void>;
  /** Gives the agent in a session a message. It works until it has ended, or is stopped. */
  run(request: AgentRequest, place: RunPlace): Promise<AgentHandle>;
  /** Opens the engine's own interface on a session, on the terminal, and waits until the user leaves it. */
  attach(request: {
    readonly session: string;
    readonly directory: string;
    /** Whether what the directory's repository configures is loaded. */
    readonly projectConfig: boolean;
  }): Promise<void>;
  /** The plugins and MCP servers of the user's configuration; undefined when nobody says. Starts none of them. */
  configuredExtensions(directory: string): Promise<Extensions | undefined>;
}
