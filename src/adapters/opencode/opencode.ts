import type { AgentStanding } from './agents.ts';
import type { Extensions } from './extensions.ts';
import type { GivenCatalogue } from './models/model-catalogue.ts';
import type { RightsLack, SessionRights } from '../engine/session-rights.ts';
import type { PermissionRule } from './permissions.ts';

/** What is known of the installed opencode. */
export interface OpencodeProbe {
  /** The absolute path of the binary as it was found: a link may be what makes it opencode. */
  readonly path: string;
  readonly version: string;
}

/** What opencode has stored of a session. */
export interface StoredSession {
  readonly id: string;
  /** The directory in which it runs, and in no other. */
  readonly directory: string;
  /** The rules of its rights, in opencode's own form. */
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
  /** What its messages and their parts take in opencode's database, in bytes; indexes and the like come on top. */
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
}

/** A program to start: `input` goes to its standard input. */
export interface AgentCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string;
}

interface RunRequest {
  readonly session: string;
  readonly directory: string;
  readonly message: string;
  /** `provider/model`; opencode's own choice without. */
  readonly model: string | undefined;
  readonly debug: boolean;
  /** The agent that works, by its name; opencode's own choice without, which the user's configuration may make any other. */
  readonly agent?: string;
  /** Ask the model itself: without opencode's instructions, without tools, one step. */
  readonly bare?: boolean;
  /** Whether it loads the configuration that it finds in the directory: plugins, MCP servers, commands; not by default. */
  readonly projectConfig?: boolean;
  /** A file of instructions for the agent, besides those that it finds in the directory. */
  readonly notes?: string | undefined;
  /** Skills that the agent is not offered, though they are installed. */
  readonly hiddenSkills?: readonly string[];
  /** The agent's environment; what opencode itself needs comes on top. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The coding agent, by what kugetsu wants of it. Every call throws AppError: `opencode_missing`, `opencode_too_old` or
 * `opencode_unsupported` (exit code 3), `opencode_failed` with opencode's own reason, `opencode_unexpected` when it
 * answered something that is not understood, `opencode_hangs` when it answered nothing in the time of a start; the raw
 * output is in `details`.
 */
export interface Opencode {
  /** Checks that opencode is there, new enough and able; the answer is kept until the binary changes. */
  probe(): Promise<OpencodeProbe>;
  /** Makes an empty session without a model call. @returns its id */
  createSession(session: NewSession): Promise<string>;
  /**
   * Copies a session, context and all, into a session that lives in another directory, and proves that opencode has
   * stored it whole and for that directory. Of a copy that fails nothing is left, as far as opencode lets it be deleted.
   * @returns the new session's id
   */
  forkSession(request: ForkRequest): Promise<string>;
  /** What opencode has stored of these sessions; a session that it does not know is left out. */
  describeSessions(ids: readonly string[]): Promise<StoredSession[]>;
  /** How many answers in a session are complete: neither interrupted nor failed. */
  finishedAnswers(id: string): Promise<number>;
  /** Makes `directory`, an absolute real path, the one in which a session runs. */
  moveSession(id: string, directory: string): Promise<void>;
  /**
   * Gives opencode a session back that it has lost, if it is one of which an export was kept.
   * @returns whether it is there again, whole
   */
  restoreSession(id: string, directory: string): Promise<boolean>;
  /** Gives a session these rights in place of those it has, and reads them back. */
  setRights(id: string, rights: SessionRights): Promise<void>;
  /** Why a session, as it is stored, does not have these rights; undefined when it has them. */
  lackOfRights(stored: StoredSession, rights: SessionRights): Promise<RightsLack | undefined>;
  /** The rules that these rights come to. */
  rulesOf(rights: SessionRights): Promise<readonly PermissionRule[]>;
  /** The ids of the sessions that were made in `directory` since `sinceMs`, newest first. */
  sessionsCreatedIn(directory: string, sinceMs: number): Promise<string[]>;
  /** All sessions of all projects whose title begins with `prefix`, but those that a session started itself. */
  sessionsTitled(prefix: string): Promise<TitledSession[]>;
  /** Deletes a session; one that is gone already is fine. */
  deleteSession(id: string): Promise<void>;
  /** How an agent stands in `directory`, by the user's configuration, and the project's if it counts. */
  agentStanding(question: {
    readonly name: string;
    readonly directory: string;
    readonly projectConfig: boolean;
  }): Promise<AgentStanding>;
  /** The plugins and MCP servers of the user's configuration; undefined when opencode does not say. Starts none of them. */
  configuredExtensions(directory: string): Promise<Extensions | undefined>;
  /** The catalogue of models that an agent would get in `directory`, with the user's configuration alone. */
  modelCatalogue(directory: string): Promise<GivenCatalogue>;
  /** The command that gives the agent a message in a session. */
  runCommand(request: RunRequest): Promise<AgentCommand>;
  /** Opens the terminal interface on a session, and waits until the user leaves it. */
  openTerminal(request: { readonly session: string; readonly directory: string }): Promise<void>;
}
