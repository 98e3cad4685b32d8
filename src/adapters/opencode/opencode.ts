import type { AgentEngine } from '../engine/agent-engine.ts';
import type { SessionRights } from '../engine/session-rights.ts';
import type { AgentStanding } from './configured.ts';
import type { GivenCatalogue } from './models/model-catalogue.ts';
import type { PermissionRule } from './permissions.ts';

/** What is known of the installed opencode. */
export interface OpencodeProbe {
  /** The absolute path of the binary as it was found: a link may be what makes it opencode. */
  readonly path: string;
  readonly version: string;
  readonly major: number;
}

/** The installed opencode: the engine of agents, and what doctor asks about the program itself. */
export interface Opencode extends AgentEngine {
  /**
   * Checks that opencode is there, new enough and able, and of the major version that made the home's sessions; the answer is
   * kept until the binary changes. Every other call does so first.
   *
   * @throws AppError as AgentEngine says; `other_opencode` (exit code 3) for another major version
   */
  probe(): Promise<OpencodeProbe>;
  /** The same opencode for a home whose sessions are to be replaced, whichever opencode made those. */
  anew(): Promise<Opencode>;
  /**
   * Has what is needed for agents to share a server put in place, if they are to; that takes eight seconds at the most.
   *
   * @returns why they will not share one, in a few words; undefined when they will, or are not to
   */
  warm(signal: AbortSignal): Promise<string | undefined>;
  /** The rules that these rights come to. */
  rulesOf(rights: SessionRights): Promise<readonly PermissionRule[]>;
  /** How an agent stands in `directory`, by the user's configuration, and the project's if it counts. */
  agentStanding(question: {
    readonly name: string;
    readonly directory: string;
    readonly projectConfig: boolean;
  }): Promise<AgentStanding>;
  /** The catalogue of models that an agent would get in `directory`, with the user's configuration alone. */
  modelCatalogue(directory: string): Promise<GivenCatalogue>;
}

/** An opencode whose driver is made, and loaded, at the first call: most commands make none. */
export function lazyOpencode(make: () => Promise<Opencode>): Opencode {
  let made: Promise<Opencode> | undefined;
  return new Proxy({} as Opencode, {
    get(_target, name) {
      // Whoever awaits the driver itself must not take it for a promise.
      if (name === 'then' || typeof name === 'symbol') return undefined;
      return async (...args: unknown[]): Promise<unknown> => {
        made ??= make();
        const opencode = await made;
        const method = Reflect.get(opencode, name) as (...given: unknown[]) => Promise<unknown>;
        return method.apply(opencode, args);
      };
    },
  });
}
