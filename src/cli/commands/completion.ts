import { dirname } from 'node:path';
import { Argument, type Command } from 'commander';
import { usageError } from '../../util/errors.ts';
import { oneLine } from '../../util/text.ts';
import type { Candidate } from '../completion/complete.ts';
import type { ValueKind } from '../completion/value-kinds.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../registration.ts';
import { helpNotes } from './kit.ts';
import { changeInstalled, type InstallOptions } from './install-file.ts';
import { COMPLETE_COMMAND, completionScript, SHELLS, type Shell } from '../views/completion-scripts.ts';

const NOTES = `
  eval "$(kugetsu completion bash)"               for this shell only

Subcommands, options, issue refs, task ids, servers, env agents and settings are completed as they are at that moment.`;

const PLACES = `
  bash  ~/.local/share/bash-completion/completions/kugetsu (package bash-completion)
  zsh   ~/.local/share/zsh/site-functions/_kugetsu, of which ~/.zshrc has to know
  fish  ~/.config/fish/completions/kugetsu.fish
XDG_DATA_HOME, XDG_CONFIG_HOME and BASH_COMPLETION_USER_DIR name other places. A file that is there and not from here, or
was changed, is moved aside first. Columns: what was done, path.`;

/** `kugetsu completion …` */
export function registerCompletion({ program, context }: Registration): void {
  const completion = program
    .command('completion')
    .description('make a shell complete command lines')
    .addHelpText(
      'after',
      helpNotes(['kugetsu completion install', 'kugetsu completion fish'], '0 done, 1 failed, 2 usage'),
    )
    .addHelpText('after', NOTES);
  for (const shell of SHELLS) {
    completion
      .command(shell)
      .description(`print the script for ${shell}`)
      .addHelpText('after', helpNotes([`kugetsu completion ${shell}`], '0 printed, 2 usage'))
      .action(() => context.terminal.out(completionScript(shell)));
  }
  registerChange(completion, context, 'install', 'put the script where the shell finds it; again, bring it up to date');
  registerChange(completion, context, 'uninstall', 'take the script away');
}

function registerChange(
  completion: Command,
  context: CliContext,
  what: 'install' | 'uninstall',
  description: string,
): void {
  completion
    .command(what)
    .description(description)
    .addArgument(new Argument('[shell]', 'the shell; the one of SHELL unless told').choices(SHELLS))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print an object with path, outcome and aside')
    .addHelpText('after', PLACES)
    .addHelpText(
      'after',
      helpNotes(
        [`kugetsu completion ${what}`, `kugetsu completion ${what} zsh --dry-run`],
        '0 done, or nothing to do, 1 failed, 2 usage',
      ),
    )
    .action(async (given: Shell | undefined, options: InstallOptions) => {
      const { completionFile, ownShell } = await import('../completion/completion-file.ts');
      const shell = given ?? ownShell(context);
      if (shell === undefined)
        throw usageError('which shell? SHELL names none of them', `name one: ${SHELLS.join(', ')}`);
      const { outcome, path } = await changeInstalled(context, { what, file: completionFile(context, shell) }, options);
      if (shell !== 'zsh' || (outcome !== 'installed' && outcome !== 'updated')) return;
      context.terminal.err(`zsh has to know of it: before compinit in ~/.zshrc, add fpath+=(${dirname(path)})`);
    });
}

/** The hidden command behind those scripts: prints what may come next, one a line, with a tab before its description. */
export function registerComplete({ program, context, wholeProgram }: Registration): void {
  program
    .command(COMPLETE_COMMAND, { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('../completion/complete.ts');
      const current = words.at(-1) ?? '';
      const { candidates, value, prefix } = complete(wholeProgram(), words.slice(0, -1), current);
      const values = (await wordsOf(context, value)).map((word) => ({ word: `${prefix}${word}`, description: '' }));
      const fitting = [...candidates, ...values].filter(({ word }) => word.startsWith(current));
      context.terminal.out(fitting.map(line).join('\n'));
    });
}

async function wordsOf(context: CliContext, value: ValueKind | undefined): Promise<readonly string[]> {
  if (value === undefined) return [];
  if ('words' in value) return value.words;
  const { liveValues } = await import('../completion/live-values.ts');
  return (await Promise.all(value.live.map(async (kind) => liveValues(context, kind)))).flat();
}

function line({ word, description }: Candidate): string {
  return description === '' ? word : `${word}\t${oneLine(description, 60)}`;
}
