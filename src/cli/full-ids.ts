import type { CliContext } from './context.ts';
import type { Request } from './request.ts';
import type { ArgumentSpec, Given, OptionSpec, Value } from './table/entry.ts';

/** What a request is given, with whole ids where the table says that a task, or a run, is named: people type their ends. */
export async function withFullIds(context: CliContext, { command, given }: Request): Promise<Given> {
  const full: Record<string, Value> = { ...given };
  for (const [name, spec] of Object.entries({ ...command.takes, ...command.options })) {
    const kinds = tasksOf(spec);
    const value = given[name];
    // To look ids up takes longer to load than most commands to run.
    if (kinds === undefined || value === undefined || typeof value === 'boolean' || value.length === 0) continue;
    const { fullId } = await import('../domain/work/named-id.ts');
    // Where a task of any state is named, so may a run be.
    const idOf = async (text: string): Promise<string> => fullId(context, text, { runs: kinds.includes('task') });
    full[name] = typeof value === 'string' ? await idOf(value) : await Promise.all(value.map(idOf));
  }
  return full;
}

/** The kinds of tasks that an argument or an option may name; undefined for one that names none. */
function tasksOf({ is }: ArgumentSpec | OptionSpec): readonly string[] | undefined {
  const live = typeof is === 'object' && 'live' in is ? is.live.filter((kind) => kind.endsWith('task')) : [];
  return live.length === 0 ? undefined : live;
}
