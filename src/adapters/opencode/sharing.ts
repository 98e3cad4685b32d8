import type { Clock } from '../clock.ts';
import type { AgentHandle, AgentRequest, EngineChoice, RunPlace } from '../engine/agent-engine.ts';
import type { OpencodeProbe } from './opencode.ts';
import type { OpencodeCli, SessionServer } from './opencode-cli.ts';
import type { Lease } from './server/lease.ts';
import type { SharedServers } from './server/serve-agent.ts';

interface Options {
  readonly servers?: SharedServers;
  readonly env: OpencodeCli['env'];
  readonly clock: Clock;
  /** Which opencode it is. */
  readonly probe: () => Promise<OpencodeProbe>;
}

interface Program {
  readonly cli: OpencodeCli;
  readonly version: string;
}

/** What a driver has of the servers that agents share; without any, nothing is shared. */
export class Sharing {
  private readonly options: Options;
  private server: SessionServer | undefined;
  private readying: Promise<void> = Promise.resolve();
  /** Keeps the server that was made ready until the agent is in it. */
  private held: Lease | undefined;
  /** Why none could be made ready: nobody waits for it again. */
  private why: string | undefined;
  private choice: EngineChoice | undefined;

  constructor(options: Options) {
    this.options = options;
  }

  async isWanted(): Promise<boolean> {
    // A setting that cannot be read is reported by whoever needs it.
    const { servers, probe } = this.options;
    return (await servers?.wanted(probe, this.choice).catch(() => false)) === true;
  }

  /** As `ready` of AgentEngine. */
  async ready(
    program: () => Promise<Program>,
    request: () => Promise<AgentRequest>,
    choice: EngineChoice | undefined,
  ): Promise<void> {
    this.choice = choice;
    if (!(await this.isWanted())) return;
    this.readying = this.hold(program, request).catch(() => undefined);
    await this.readying;
  }

  private async hold(program: () => Promise<Program>, request: () => Promise<AgentRequest>): Promise<void> {
    const { servers, clock } = this.options;
    if (servers === undefined) return;
    const { readyServer } = await import('./server/serve-agent.ts');
    const { NoServer } = await import('./server/shared-server.ts');
    try {
      this.held = await readyServer(await request(), { ...(await program()), servers, choice: this.choice, clock });
    } catch (error) {
      if (error instanceof NoServer) this.why = error.message;
    }
  }

  /** As `warm` of Opencode. */
  async warm(cli: OpencodeCli, signal: AbortSignal): Promise<string | undefined> {
    if (!(await this.isWanted())) return undefined;
    const { whyNever, whyNoServer } = await import('./server/serve-agent.ts');
    const why = whyNever(cli.env);
    if (why !== undefined) return why;
    const { warmOwnPackage } = await import('./server/own-package.ts');
    await warmOwnPackage(cli, this.options.clock, signal);
    return whyNoServer(cli.env);
  }

  /** As {@link serveAgent} of the servers that are wanted. */
  async serve(request: AgentRequest, place: Program & RunPlace): Promise<AgentHandle | { readonly not: string }> {
    const { servers, clock } = this.options;
    if (servers === undefined) return { not: 'there are no servers' };
    const { serveAgent } = await import('./server/serve-agent.ts');
    await this.readying;
    if (this.why !== undefined) return { not: this.why };
    const agent = await serveAgent(request, { ...place, servers, choice: this.choice, clock });
    this.server?.leave(request.directory);
    this.held?.close();
    return agent;
  }

  /** The servers that are there may do what a short opencode does, when agents share one. */
  async sessions(): Promise<SessionServer | undefined> {
    const { servers, env, probe } = this.options;
    if (servers === undefined || !(await this.isWanted())) return undefined;
    const { SessionsOnServer } = await import('./server/sessions-on-server.ts');
    const { version } = await probe();
    const started = async (): Promise<void> => this.readying;
    this.server ??= new SessionsOnServer({ directory: servers.directory, env, version, started });
    return this.server;
  }
}
