import type { Command } from 'commander';
import { usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { utf8Text } from '../../util/text.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes, reportBroken } from './kit.ts';

interface JsonOption {
  readonly json?: boolean;
}

const AGENT_HELP = 'default (every agent), pm-agent or dev-agent';

const EXAMPLES = `
PM agents get the variables of default and pm-agent, development agents those of default and dev-agent; the agent's own
win. They are kept in files under ~/.kugetsu/env that only you can read, and reach agents through the environment only.

Examples:
  kugetsu env set GITEA_TOKEN - pm-agent < token.txt     a secret, from standard input
  kugetsu env set NODE_ENV test                          for every agent
  kugetsu env show pm-agent                              secrets are masked
  kugetsu env get GITEA_TOKEN pm-agent                   the value as it is
  kugetsu env rm GITEA_TOKEN pm-agent

Exit codes: 0 done, 1 failed (no such variable, or a file that does not parse), 2 usage.`;

const SET_HELP = `
With - the value is everything on standard input but one newline at its end. Comments and order of the file stay.

Examples:
  kugetsu env set GITEA_TOKEN - pm-agent < token.txt
  printf %s "$token" | kugetsu env set GITEA_TOKEN -
  kugetsu env set -- FLAGS --verbose                     a value that begins with - goes after --

Exit codes: 0 set, 1 failed, 2 usage.`;

/** `kugetsu env …` */
export function registerEnv(registration: Registration): void {
  const { program, context } = registration;
  const env = program
    .command('env')
    .description('see and change the environment variables of agents')
    .addHelpText('after', EXAMPLES);
  registerEnvList(env, registration);
  registerEnvShow(env, context);
  registerEnvSet(env, context);
  registerEnvGet(env, context);
  env
    .command('rm')
    .description('remove a variable')
    .argument('<key>', 'the name of the variable')
    .argument('[agent]', AGENT_HELP, 'default')
    .addHelpText(
      'after',
      helpNotes(['kugetsu env rm GITEA_TOKEN pm-agent'], '0 removed, 1 there is no such variable, 2 usage'),
    )
    .action(async (key: string, agent: string) => {
      const { removeVariable } = await import('../../domain/agent-env/change-variables.ts');
      await removeVariable(context, { key, agent });
    });
}

function registerEnvList(env: Command, { context, exitWith }: Registration): void {
  env
    .command('list')
    .description('list the env files')
    .option('--json', 'print an array of objects')
    .addHelpText('after', '\nColumns: agent, number of variables, path.')
    .addHelpText('after', helpNotes(['kugetsu env list'], '0 listed, 1 a file cannot be read, 2 usage'))
    .action(async ({ json = false }: JsonOption) => {
      const { listEnvFiles } = await import('../../domain/agent-env/list-env-files.ts');
      const { renderEnvFiles } = await import('../views/env.ts');
      const { files, broken } = await listEnvFiles(context);
      const { ruled, colour } = context.terminal;
      context.terminal.out(
        json ? JSON.stringify(files, null, 2) : renderEnvFiles(files, { ruled, colour: colour.out }),
      );
      reportBroken(context, broken);
      if (broken.length > 0) exitWith(EXIT.failed);
    });
}

function registerEnvShow(env: Command, context: CliContext): void {
  env
    .command('show')
    .description('show the variables of a file, secrets masked by name and by form')
    .argument('[agent]', AGENT_HELP, 'default')
    .option('--json', 'print an array of objects')
    .addHelpText('after', '\nColumns: key, value.')
    .addHelpText('after', helpNotes(['kugetsu env show pm-agent'], '0 shown, 1 the file does not parse, 2 usage'))
    .action(async (agent: string, { json = false }: JsonOption) => {
      const { showVariables } = await import('../../domain/agent-env/list-env-files.ts');
      const { renderVariables } = await import('../views/env.ts');
      const found = await showVariables(context, agent);
      const { ruled, colour } = context.terminal;
      const style = { ruled, colour: colour.out };
      context.terminal.out(json ? JSON.stringify(found ?? [], null, 2) : renderVariables(found ?? [], style));
      if (found === undefined) context.terminal.err(`there is no env file for ${agent}`);
    });
}

function registerEnvSet(env: Command, context: CliContext): void {
  env
    .command('set')
    .description('set a variable')
    .argument('<key>', 'letters, digits and _')
    .argument('<value>', 'the value; - reads it from standard input')
    .argument('[agent]', AGENT_HELP, 'default')
    .addHelpText('after', SET_HELP)
    .action(async (key: string, argument: string, agent: string) => {
      const { setVariable } = await import('../../domain/agent-env/change-variables.ts');
      const { DEFAULT_AGENT, RUN_AGENTS } = await import('../../domain/agent-env/agents.ts');
      const { isSecret } = await import('../../domain/agent-env/list-env-files.ts');
      const { terminal } = context;
      const value = argument === '-' ? await valueFromInput(context) : valueFromArgument(argument);
      await setVariable(context, { key, agent }, value);
      if (argument !== '-' && isSecret(key, value)) {
        terminal.err(`note: ${key} looks secret, and is in your shell's history now; next time, from standard input:`);
        terminal.err(`  kugetsu env set ${key} - ${agent} < FILE`);
      }
      if (key === 'PATH') await warnOfPath(context, value);
      if (agent !== DEFAULT_AGENT && !RUN_AGENTS.some((known) => known === agent))
        terminal.err(`note: no agent of kugetsu's is called ${agent}; they are ${RUN_AGENTS.join(' and ')}`);
    });
}

async function warnOfPath({ env, terminal }: CliContext, path: string): Promise<void> {
  const { hiddenBy } = await import('../../domain/runs/agent-surroundings.ts');
  const hidden = await hiddenBy(path, env);
  if (hidden.length > 0) terminal.err(`note: with this PATH, agents do not find ${hidden.join(' and ')}`);
}

function registerEnvGet(env: Command, context: CliContext): void {
  env
    .command('get')
    .description('print a value as it is')
    .argument('<key>', 'the name of the variable')
    .argument('[agent]', AGENT_HELP, 'default')
    .option('--json', 'print an object')
    .addHelpText(
      'after',
      helpNotes(
        ['kugetsu env get NODE_ENV'],
        '0 printed, with one newline after it; 1 there is no such variable, 2 usage',
      ),
    )
    .action(async (key: string, agent: string, { json = false }: JsonOption) => {
      const { getVariable } = await import('../../domain/agent-env/change-variables.ts');
      const value = await getVariable(context, { key, agent });
      context.terminal.out(json ? JSON.stringify({ agent, key, value }) : `${value}\n`);
    });
}

async function valueFromInput({ terminal }: CliContext): Promise<string> {
  const text = utf8Text(await terminal.readInputBytes());
  if (text !== undefined) return text.replace(/\n$/, '');
  throw usageError('the value on standard input is not UTF-8 text', 'encode it, as base64');
}

// What is no UTF-8 on a command line has become replacement characters by now.
function valueFromArgument(argument: string): string {
  if (!argument.includes('\uFFFD')) return argument;
  throw usageError('the value is not UTF-8 text', 'encode it, as base64, or give it on standard input with -');
}
