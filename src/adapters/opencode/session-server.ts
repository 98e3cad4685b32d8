import type { SessionSource } from './session-files.ts';

/** A session that a server did not store. */
export interface LeftToImport {
  /** All of it. */
  readonly source: SessionSource;
  /** Whether some of it may be stored all the same: an import adds nothing to what is there. */
  readonly isBegun: boolean;
}

/** A server of opencode that does for sessions what its short commands do, without a process for each. */
export interface SessionServer {
  /** Whether there is one, once the one has begun that is being started. */
  isUp(): Promise<boolean>;
  /** The rows that a statement gives in opencode's database; undefined when `opencode db` has to be asked. */
  rows(statement: string): Promise<unknown>;
  /**
   * Stores a session for a directory, an absolute real path in which all that will be there is there: opencode boots in it.
   *
   * @returns undefined when it is stored, and otherwise what is left to be imported
   */
  store(source: SessionSource, directory: string): Promise<LeftToImport | undefined>;
  /** Deletes a session. @returns false when a command has to */
  remove(id: string): Promise<boolean>;
  /** Says that an agent is at work in the directory, or that none comes: what was booted there for a session may go with it. */
  leave(directory: string): void;
}
