import type { Command } from 'commander';
import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';

interface JsonOption {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  kugetsu server add github https://github.com
  kugetsu server add work https://git.example.com:3000/gitea
  kugetsu server default github      owner/repo#14 means github.com/owner/repo#14 now
  kugetsu env set WORK_TOKEN -       the token of the server work, read from standard input

A ref may name a server by its name or by its host: github/owner/repo#14 is github.com/owner/repo#14.
Exit codes: 0 done, 1 failed or no such server, 2 usage.`;

/** `kugetsu server …` */
export function registerServer(registration: Registration): void {
  const { program, context } = registration;
  const server = program.command('server').description('see and change the git servers').addHelpText('after', EXAMPLES);
  registerServerList(server, context);
  registerServerAdd(server, context);
  registerServerRemove(server, context);
  registerServerDefault(server, registration);
  registerServerGet(server, context);
}

function registerServerList(server: Command, context: CliContext): void {
  server
    .command('list', { isDefault: true })
    .description('list the servers')
    .option('--json', 'print an array of objects')
    .addHelpText('after', "\nColumns: name, URL, form of its refs, whether it is the default, its token's variable.")
    .addHelpText('after', helpNotes(['kugetsu server list --json'], '0 listed, 1 failed, 2 usage'))
    .action(async ({ json = false }: JsonOption) => {
      const { listServers } = await import('../../domain/servers/manage-servers.ts');
      const { renderServers } = await import('../views/servers.ts');
      const servers = await listServers(context);
      const { ruled, colour } = context.terminal;
      context.terminal.out(
        json ? JSON.stringify(servers, null, 2) : renderServers(servers, { ruled, colour: colour.out }),
      );
    });
}

function registerServerAdd(server: Command, context: CliContext): void {
  server
    .command('add')
    .description('add a server, under a name of your choice')
    .argument('<name>', 'letters, digits, dots, hyphens and underscores')
    .argument('<url>', 'https://HOST[:PORT][/PREFIX], http://…, ssh://git@HOST, git@HOST: or an absolute path')
    .option('--force', 'give a server that is there another URL')
    .addHelpText(
      'after',
      '\nExample:\n  kugetsu server add github https://github.com\n\nExit codes: 0 it is there, 1 the name has another URL, 2 bad name or URL, or a URL with credentials.',
    )
    .action(async (name: string, url: string, { force = false }: { readonly force?: boolean }) => {
      const { addServer } = await import('../../domain/servers/manage-servers.ts');
      const outcome = await addServer(context, { name, url, replace: force });
      context.terminal.err(outcome === 'unchanged' ? `${name} is there already` : `${outcome} ${name}`);
      const { isReadableOnTheWay } = await import('../../domain/servers/server-url.ts');
      if (isReadableOnTheWay(url)) {
        context.terminal.err(
          'kugetsu: http is not encrypted: who is on the way can read code and token; use https if you can',
        );
      }
    });
}

function registerServerRemove(server: Command, context: CliContext): void {
  server
    .command('remove')
    .description('remove a server; sessions and repositories stay')
    .argument('<name>')
    .addHelpText('after', helpNotes(['kugetsu server remove work'], '0 removed, 1 no such server, 2 usage'))
    .action(async (name: string) => {
      const { removeServer } = await import('../../domain/servers/manage-servers.ts');
      const { wasDefault } = await removeServer(context, name);
      context.terminal.err(`removed ${name}${wasDefault ? '; it was the default: there is none now' : ''}`);
    });
}

function registerServerDefault(server: Command, { context, exitWith }: Registration): void {
  server
    .command('default')
    .description('say which server owner/repo#14 means; without a name, print it')
    .argument('[name]')
    .option('--none', 'have no default')
    .addHelpText(
      'after',
      '\nExample:\n  kugetsu server default github\n\nExit codes: 0 done, 1 no such server, or no default to print, 2 usage.',
    )
    .action(async (name: string | undefined, { none = false }: { readonly none?: boolean }) => {
      const { defaultServer, setDefaultServer } = await import('../../domain/servers/manage-servers.ts');
      const { terminal } = context;
      if (name !== undefined && none) throw usageError('a name and --none are two things', 'give one of them');
      if (name !== undefined || none) {
        await setDefaultServer(context, name ?? null);
        terminal.err(name === undefined ? 'there is no default server now' : `the default server is ${name} now`);
        return;
      }
      const found = await defaultServer(context);
      if (found !== undefined) return terminal.out(found);
      terminal.err('kugetsu: there is no default server\n  set one: kugetsu server default NAME');
      exitWith(EXIT.failed);
    });
}

function registerServerGet(server: Command, context: CliContext): void {
  server
    .command('get')
    .description("print a server's URL")
    .argument('<name>')
    .option('--json', 'print an object')
    .addHelpText('after', helpNotes(['kugetsu server get work'], '0 printed, 1 no such server, 2 usage'))
    .action(async (name: string, { json = false }: JsonOption) => {
      const { getServer } = await import('../../domain/servers/manage-servers.ts');
      const found = await getServer(context, name);
      context.terminal.out(json ? JSON.stringify(found, null, 2) : found.url);
    });
}
