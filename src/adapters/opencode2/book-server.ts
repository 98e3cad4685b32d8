import { AppError } from '../../util/errors.ts';
import type { Clock } from '../clock.ts';
import { Api } from './api.ts';
import { explained } from './failures.ts';
import { PrivateServer } from './private-server.ts';

/** How long a server waits for the next call after the last one, in milliseconds: a command makes several in a row. */
const LINGER_MS = 300;

interface BookServerOptions {
  readonly clock: Clock;
  readonly program: () => Promise<{
    readonly path: string;
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
  }>;
}

interface Open {
  readonly server: PrivateServer;
  readonly api: Api;
}

/** A server for short calls, in which no agent works: it starts with the first of them, and ends when there is none for a moment. */
export class BookServer {
  private readonly options: BookServerOptions;
  private opening: Promise<Open> | undefined;
  private users = 0;
  private uses = 0;

  constructor(options: BookServerOptions) {
    this.options = options;
  }

  /** Has `use` call the server. @throws AppError as PrivateServer and Api do, and whatever `use` throws */
  async with<T>(use: (api: Api) => Promise<T>): Promise<T> {
    this.users += 1;
    this.uses += 1;
    const opening = (this.opening ??= this.open());
    try {
      const { api } = await opening.catch((error: unknown) => {
        this.drop(opening);
        throw error;
      });
      return await use(api);
    } catch (error) {
      if (isGone(error)) this.drop(opening);
      throw explained(error);
    } finally {
      this.users -= 1;
      if (this.users === 0) void this.closeSoon();
    }
  }

  /** The next call starts another. */
  private drop(opening: Promise<Open>): void {
    if (this.opening === opening) this.opening = undefined;
    void opening.then(async ({ server }) => server.quit()).catch(() => undefined);
  }

  private async closeSoon(): Promise<void> {
    const { uses, opening } = this;
    await this.options.clock.sleep(LINGER_MS);
    if (opening === undefined || this.uses !== uses || this.users > 0 || this.opening !== opening) return;
    this.drop(opening);
  }

  private async open(): Promise<Open> {
    const { clock, program } = this.options;
    const server = await PrivateServer.start({ ...(await program()), clock });
    try {
      return { server, api: await Api.of(await server.client) };
    } catch (error) {
      await server.quit();
      throw error;
    }
  }
}

/** Whether an error says that the server does not answer any more. */
function isGone(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'opencode_unreachable' || error.code === 'opencode_hangs');
}
