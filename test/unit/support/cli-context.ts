import { createContext, type CliContext } from '../../../src/cli/context.ts';
import type { Terminal } from '../../../src/adapters/terminal.ts';

/** What commands are given, with a home that is not there. */
export async function contextNowhere(): Promise<CliContext> {
  return createContext({
    env: { HOME: '/nowhere' },
    cwd: '/',
    self: { executable: '/nowhere/kugetsu', prefix: [] },
    gracefulStop: () => new AbortController().signal,
    interrupted: () => false,
  });
}

/** The same with a terminal that shows what is written to this function instead. */
export async function contextPrinting(print: (text: string) => void): Promise<CliContext> {
  const context = await contextNowhere();
  const terminal: Terminal = { ...context.terminal, out: print, err: print };
  return { ...context, terminal };
}
