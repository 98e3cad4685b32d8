import { Argument } from 'commander';
import { oneLine } from '../../util/text.ts';
import type { Candidate } from '../completion/complete.ts';
import type { ValueKind } from '../completion/value-kinds.ts';
import type { CliContext } from '../context.ts';
import type { Registration } from '../program.ts';
import { COMPLETE_COMMAND, completionScript, SHELLS, type Shell } from '../views/completion-scripts.ts';

const EXAMPLES = `
Examples:
  kugetsu completion bash > ~/.local/share/bash-completion/completions/kugetsu
  kugetsu completion zsh > ~/.zfunc/_kugetsu      with fpath+=~/.zfunc before compinit in ~/.zshrc
  kugetsu completion fish > ~/.config/fish/completions/kugetsu.fish
  eval "$(kugetsu completion bash)"               for this shell only

Subcommands, options, issue refs, task ids, servers, env agents and settings are completed as they are at that moment.
Exit codes: 0 printed, 2 usage.`;

/** `kugetsu completion` */
export function registerCompletion({ program, context }: Registration): void {
  program
    .command('completion')
    .description('print the script that makes a shell complete command lines')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => context.terminal.out(completionScript(shell)));
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
  const { liveValues } = await import('../../domain/completion/live-values.ts');
  return (await Promise.all(value.live.map(async (kind) => liveValues(context, kind)))).flat();
}

function line({ word, description }: Candidate): string {
  return description === '' ? word : `${word}\t${oneLine(description, 60)}`;
}
