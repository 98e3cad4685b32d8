import { createContext, type CliContext } from '../../src/cli/context.ts';
import type { World } from './world.ts';

/** What kugetsu's commands are given in a world, for tests that call what is behind them. */
export async function contextOf(world: World): Promise<CliContext> {
  const [executable = '', ...prefix] = world.command;
  return createContext({
    env: world.env,
    cwd: world.project,
    self: { executable, prefix },
    gracefulStop: () => new AbortController().signal,
    interrupted: () => false,
  });
}
