import { listDirectory } from '../../adapters/store/directory.ts';
import { TASK_ID_LENGTH } from '../issues/task-id.ts';
import type { Context } from '../queue/context.ts';
import { runOfFile } from '../runs/run-id.ts';
import { ambiguous } from '../sessions/named-issue.ts';

// A number means something else: how many runs, or an issue.
const ENDING = /^(?:…|([qr])_)?([0-9a-z]{2,})$/;

/**
 * The id that ends as `text` does, of a task or, with `runs`, of a run: `a7k2m`, or `q_a7k2m` for a task alone. What is an id
 * already, what no id ends with and what cannot be an ending of one stays as it is.
 *
 * @throws AppError usage (exit code 2) when several ids end so
 */
export async function fullId(
  context: Pick<Context, 'home' | 'queue'>,
  text: string,
  { runs }: { readonly runs: boolean },
): Promise<string> {
  const [match, kind, ending = ''] = ENDING.exec(text) ?? [];
  // A run's id is as long.
  if (match === undefined || text.length >= TASK_ID_LENGTH) return text;
  if (kind === undefined && !/[a-z]/.test(ending)) return text;
  const tasks = kind === 'r' ? [] : await context.queue.ids();
  const known = runs && kind !== 'q' ? [...tasks, ...(await runIds(context))] : tasks;
  if (known.includes(text)) return text;
  const found = [...new Set(known.filter((id) => id.slice(2).endsWith(ending)))];
  if (found.length > 1) throw ambiguous(text, found);
  return found[0] ?? text;
}

/** The runs that are on, and those whose logs are left. */
async function runIds({ home }: Pick<Context, 'home'>): Promise<string[]> {
  const [live, logged] = await Promise.all([listDirectory(home.runs), listDirectory(home.logs)]);
  return [
    ...live.flatMap((name) => runOfFile(name, '.json') ?? []),
    ...logged.flatMap((name) => runOfFile(name, '.log') ?? []),
  ];
}
