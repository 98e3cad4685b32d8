import { readdirSync, readFileSync } from 'node:fs';
import { commandLineOf, procStatFields } from './process-identity.ts';
import { bootTime } from './standing.ts';

/** A command that a tool of an agent runs. */
export interface ToolCommand {
  readonly pid: number;
  /** The command line; of a shell's, what it was told to do. */
  readonly text: string;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
}

// sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on.
const MS_PER_TICK = 10;

/**
 * What the tools of an agent run now, the last one begun first, by the agent's process: its children that lead process
 * groups of their own, as the engines start commands. Helpers that live as long as the agent (servers of languages) do not.
 * None on systems that show no process table in files, and of an agent that cannot be seen.
 */
export function toolCommands(agent: number): ToolCommand[] {
  if (process.platform !== 'linux') return [];
  const boot = bootTime();
  if (boot === Infinity) return [];
  const commands = childrenOf(agent).flatMap((pid): ToolCommand[] => {
    const fields = procStatFields(readProc(`/proc/${pid}/stat`) ?? '');
    // proc(5): field 3 is the state, 5 the process group, 22 the start time; the slice begins at field 3.
    if (fields[0] === 'Z' || Number(fields[2]) !== pid) return [];
    const text = toldText(commandLineOf(pid));
    return text === '' ? [] : [{ pid, text, since: boot + Number(fields[19]) * MS_PER_TICK }];
  });
  return commands.toSorted((one, other) => other.since - one.since);
}

/** Of `sh -c TEXT` the text. */
export function toldText(words: readonly string[]): string {
  const at = words.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
  const isShell = /(?:^|\/)(?:ba|da|z|k|a|fi)?sh$/.test(words[0] ?? '');
  return isShell && at !== -1 ? (words[at + 1] ?? '') : words.join(' ');
}

function childrenOf(pid: number): number[] {
  const threads = listProc(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readProc(`/proc/${pid}/task/${thread}/children`) ?? '');
  return lists.flatMap((list) => list.split(' ').filter((text) => text !== '')).map(Number);
}

// A process may end, or belong to somebody else, between listing and reading.
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function listProc(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
