import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';

interface Named {
  readonly name: string;
}

/** Prints the servers. */
export async function list({ context }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { listServers } = await import('../../domain/servers/manage-servers.ts');
  const value = await listServers(context);
  await printResult(context, {
    json,
    value,
    text: async (style) => (await import('../views/settings.ts')).renderServers(value, style),
  });
}

/** Adds a server. */
export async function add(
  { context }: Call,
  { name, url, force }: Named & { readonly url: string; readonly force: boolean },
): Promise<void> {
  const { addServer } = await import('../../domain/servers/manage-servers.ts');
  const outcome = await addServer(context, { name, url, replace: force });
  context.terminal.err(outcome === 'unchanged' ? `${name} already exists` : `${outcome} ${name}`);
  const { isReadableOnTheWay } = await import('../../domain/servers/server-url.ts');
  if (isReadableOnTheWay(url)) {
    context.terminal.err(
      'kugetsu: http is not encrypted: anyone on the network path can read the code and the token; use https if you can',
    );
  }
}

/** Removes a server. */
export async function remove({ context }: Call, { name }: Named): Promise<void> {
  const { removeServer } = await import('../../domain/servers/manage-servers.ts');
  const { wasDefault } = await removeServer(context, name);
  context.terminal.err(`removed ${name}${wasDefault ? '; it was the default: there is none now' : ''}`);
}

/** Says which server is meant without a name, or prints it. */
export async function defaultTo(
  { context, exitWith }: Call,
  { name, none }: { readonly name: string | undefined; readonly none: boolean },
): Promise<void> {
  const { defaultServer, setDefaultServer } = await import('../../domain/servers/manage-servers.ts');
  const { terminal } = context;
  if (name !== undefined && none) throw usageError('a name and --none exclude each other', 'give one of them');
  if (name !== undefined || none) {
    await setDefaultServer(context, name ?? null);
    terminal.err(name === undefined ? 'there is no default server now' : `the default server is now ${name}`);
    return;
  }
  const found = await defaultServer(context);
  if (found !== undefined) return terminal.out(found);
  terminal.err('kugetsu: there is no default server\n  run: kugetsu server default NAME');
  exitWith(EXIT.failed);
}

/** Prints a server's URL. */
export async function get({ context }: Call, { name, json }: Named & { readonly json: boolean }): Promise<void> {
  const { getServer } = await import('../../domain/servers/manage-servers.ts');
  const value = await getServer(context, name);
  await printResult(context, { json, value, text: () => value.url });
}
