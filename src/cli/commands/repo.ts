import type { ListedRepository } from '../../domain/servers/list-repositories.ts';
import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plainText } from '../../util/text.ts';
import { said, told, words } from '../../util/words.ts';
import type { Call } from '../call.ts';
import type { CliContext } from '../context.ts';
import { printResult } from '../print-result.ts';

interface Named {
  readonly repository: string;
}

interface Json {
  readonly json: boolean;
}

/** Prints which repositories have settings. */
export async function list({ context, exitWith }: Call, { json }: Json): Promise<void> {
  const { listRepositories } = await import('../../domain/servers/list-repositories.ts');
  const listed = await listRepositories(context);
  const clean = await redactor(context);
  await printResult(context, {
    json,
    value: listed.map((entry) => ({ ...entry, problems: entry.problems.map(({ message }) => told(message, clean)) })),
    text: async (style) => (await import('../views/settings.ts')).renderRepositories(listed, style),
  });
  const wrong = listed.flatMap(({ problems }) => problems);
  if (await tellProblems(context, wrong)) exitWith(EXIT.failed);
}

/** Prints the settings of a repository, or one of them. */
export async function show(
  { context, exitWith }: Call,
  { repository: text, key: name, json }: Named & Json & { readonly key: string | undefined },
): Promise<void> {
  const { requireRepository, requireRepositoryKey } = await import('../../domain/servers/change-repos.ts');
  const { showRepository } = await import('../../domain/servers/list-repositories.ts');
  const key = name === undefined ? undefined : requireRepositoryKey(name);
  const { repository, settings, problems } = await showRepository(context, await requireRepository(context, text));
  const clean = await redactor(context);
  const setting = settings.find((each) => each.key === key);
  const wrong = setting === undefined ? problems : problems.filter((problem) => problem.key === key);
  const whole = { repository, settings, problems: wrong.map(({ message }) => told(message, clean)) };
  const value = setting?.value ?? null;
  await printResult(context, {
    json,
    value: setting === undefined ? whole : { repository, ...setting },
    ...(setting !== undefined && value === null
      ? {}
      : {
          text: async (style) =>
            setting === undefined
              ? (await import('../views/settings.ts')).renderRepository(settings, style)
              : [value].flat().join('\n'),
        }),
  });
  if (await tellProblems(context, wrong)) return exitWith(EXIT.failed);
  if (setting === undefined || value !== null) return;
  context.terminal.err(`kugetsu: ${setting.key} is not set for ${repository}`);
  exitWith(EXIT.failed);
}

/** Sets a setting of a repository. */
export async function set(
  { context }: Call,
  { repository: text, key: name, value: given }: Named & { readonly key: string; readonly value: readonly string[] },
): Promise<void> {
  const { requireRepository, requireRepositoryKey, setRepositorySetting } =
    await import('../../domain/servers/change-repos.ts');
  const { home, terminal } = context;
  const key = requireRepositoryKey(name);
  const repository = await requireRepository(context, text);
  const fromInput = given.length === 1 && given[0] === '-';
  const values = fromInput ? await valuesFromInput(context, key) : given;
  await setRepositorySetting(context, { repository, key, values });
  terminal.err(`set ${key} of ${repository} in ${home.reposFile}`);
  if (key === 'url' && !fromInput && /^https?:\/\/[^/@]*:[^/@]+@/i.test(values[0] ?? '')) {
    terminal.err(
      "note: the URL has a password in it, which is now in your shell's history; next time, give it on standard input",
    );
    terminal.err(`  run: kugetsu repo set ${repository} url - < FILE`);
  }
  const { listRepositories } = await import('../../domain/servers/list-repositories.ts');
  const { pathExists } = await import('../../adapters/store/paths.ts');
  const entry = (await listRepositories(context)).find((each) => each.repository === repository);
  const checkout = key === 'checkout' ? entry?.settings.checkout : undefined;
  if (checkout !== undefined && !(await pathExists(checkout))) terminal.err(`note: ${checkout} is not there`);
  await tellProblems(context, entry?.problems ?? []);
}

/** Removes a setting of a repository, or all of them. */
export async function unset(
  { context }: Call,
  { repository: text, key }: Named & { readonly key: string | undefined },
): Promise<void> {
  const { requireRepository, requireRepositoryKey, unsetRepositorySetting } =
    await import('../../domain/servers/change-repos.ts');
  const { home, terminal } = context;
  const clean = await redactor(context);
  const what = told(
    key === undefined ? words`${said(text, 100)}` : words`${said(key, 60)} of ${said(text, 100)}`,
    clean,
  );
  // As it is written in the file first: what means nothing can be removed only so.
  const asWritten = await unsetRepositorySetting(context, { repository: text, key });
  const found =
    asWritten || (await unsetRepositorySetting(context, { repository: await requireRepository(context, text), key }));
  if (!found && key !== undefined) requireRepositoryKey(key);
  terminal.err(
    found ? `removed ${what} from ${home.reposFile}` : `${what} is not set in ${home.reposFile}; nothing was changed`,
  );
}

async function valuesFromInput({ terminal }: CliContext, key: string): Promise<string[]> {
  const text = (await terminal.readInput()).replace(/\n+$/, '');
  if (key === 'copy') return text.split('\n').filter((line) => line.trim() !== '');
  if (text.trim() === '')
    throw usageError('standard input is empty', `to remove ${key}, run: kugetsu repo unset REPOSITORY ${key}`);
  return [text];
}

/** @returns whether there were any */
async function tellProblems(context: CliContext, problems: ListedRepository['problems']): Promise<boolean> {
  const clean = await redactor(context);
  for (const { message } of problems) context.terminal.err(`kugetsu: ${plainText(told(message, clean))}`);
  if (problems.length > 0)
    context.terminal.err(`  correct it in ${context.home.reposFile}, or run: kugetsu repo set, kugetsu repo unset`);
  return problems.length > 0;
}

async function redactor(context: CliContext): Promise<(text: string) => string> {
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  return (await redactorOf(context)).text;
}
