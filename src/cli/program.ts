import { Command } from 'commander';
import { RUNNER_COMMAND } from '../domain/runs/runner-command.ts';
import { EXIT, type ExitCode } from '../util/exit-codes.ts';
import { registerComplete, registerCompletion } from './commands/completion.ts';
import { registerConfig } from './commands/config.ts';
import { registerContinue } from './commands/continue.ts';
import { registerDelegate } from './commands/delegate.ts';
import { registerDestroy } from './commands/destroy.ts';
import { registerEnv } from './commands/env.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerInit } from './commands/init.ts';
import { registerList } from './commands/list.ts';
import { registerLogs } from './commands/logs.ts';
import { registerNotify } from './commands/notify.ts';
import { registerPrune } from './commands/prune.ts';
import { registerQueue } from './commands/queue.ts';
import { registerQueueDaemon } from './commands/queue-daemon.ts';
import { registerRescued } from './commands/rescued.ts';
import { registerRunner } from './commands/runner.ts';
import { registerServer } from './commands/server.ts';
import { registerSkill } from './commands/skill.ts';
import { registerStart } from './commands/start.ts';
import { registerStatus } from './commands/status.ts';
import { registerStop } from './commands/stop.ts';
import { plainText } from '../util/text.ts';
import { requireAgentMay } from './agent-rights.ts';
import type { CliContext } from './context.ts';
import type { Registration } from './registration.ts';
import { meantCommand } from './usage-hint.ts';
import { versionText } from './version.ts';
import { COMPLETE_COMMAND } from './views/completion-scripts.ts';

/** Every command, by its name, in the order in which help shows them. */
const COMMANDS: Readonly<Record<string, (registration: Registration) => void>> = {
  init: registerInit,
  delegate: registerDelegate,
  start: registerStart,
  continue: registerContinue,
  stop: registerStop,
  list: registerList,
  status: registerStatus,
  logs: registerLogs,
  destroy: registerDestroy,
  prune: registerPrune,
  rescued: registerRescued,
  queue: registerQueue,
  'queue-daemon': registerQueueDaemon,
  notify: registerNotify,
  server: registerServer,
  config: registerConfig,
  env: registerEnv,
  skill: registerSkill,
  completion: registerCompletion,
  [COMPLETE_COMMAND]: registerComplete,
  doctor: registerDoctor,
  [RUNNER_COMMAND]: registerRunner,
};

const EPILOGUE = `
Examples:
  kugetsu init                                                      once, in a checkout of your project
  kugetsu start github.com/shoko/kugetsu#14 "fix the bug" --follow  an agent at work on an issue
  kugetsu delegate "work on issue #14"                              a task for the queue, with kugetsu queue-daemon start

Issue refs have the form instance/owner/repo#identifier: github.com/shoko/kugetsu#14, or …#-name for a discussion.
A server may stand with its name for instance; owner/repo#identifier is on the default server (kugetsu server --help).
State is kept under ~/.kugetsu; KUGETSU_DIR names another directory.
Exit codes: 0 done, 1 failed, 2 usage, 3 not ready, 4 busy, 130 interrupted.`;

const USAGE_HINT = '(kugetsu --help shows the commands; kugetsu COMMAND --help shows one)\n';

/**
 * The command line of kugetsu: all of it, or only what `args` need of it, because a command is not free to build.
 * `exitCode` is what the command that ran asked for.
 */
export function createProgram(
  context: CliContext,
  args: readonly string[] = [],
): { readonly program: Command; readonly exitCode: () => ExitCode } {
  let code: ExitCode = EXIT.done;
  const program = new Command('kugetsu')
    .description('Issue-driven session manager for the opencode coding agent')
    .version(versionText(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => context.terminal.out(text),
      writeErr: (text) => context.terminal.err(text),
      // commander quotes what was typed.
      outputError(text, write) {
        const meant = meantCommand(program, args);
        const hint = meant === undefined ? USAGE_HINT : `  run: ${meant}\n`;
        write(plainText(`${text.replace(/^error: /, 'kugetsu: ')}${hint}`));
      },
    })
    .addHelpText('after', EPILOGUE)
    .hook('preAction', (_program, command) => requireAgentMay(context, command))
    .exitOverride();
  const registration: Registration = {
    program,
    context,
    exitWith(wanted) {
      code = wanted;
    },
    wholeProgram: () => createProgram(context).program,
  };
  for (const register of neededBy(args)) register(registration);
  return { program, exitCode: () => code };
}

/** Help, and a word that is no command, need the whole tree. */
function neededBy([first = '']: readonly string[]): readonly ((registration: Registration) => void)[] {
  if (first === '--version' || first === '-V') return [];
  const own = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  return own === undefined ? Object.values(COMMANDS) : [own];
}
