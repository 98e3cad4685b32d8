import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { quoted, words } from '../../util/words.ts';
import type { Registration } from '../registration.ts';

interface InitOptions {
  readonly force?: boolean;
  readonly headless?: boolean;
  readonly model?: string;
  readonly prompt?: string;
}

const EXAMPLES = `
Run it in the checkout of your project. On a terminal it opens opencode on the new base session: tell it what every
agent should know, and leave. Without a terminal use --headless.

Examples:
  kugetsu init
  kugetsu init --headless --prompt "Read README.md and ARCHITECTURE.md, and remember how the project is built."
  kugetsu init --headless --model anthropic/claude-sonnet-4-5

Exit codes: 0 done, 1 failed or initialised already, 2 usage, 3 no usable opencode, or no terminal.`;

/** `kugetsu init` */
export function registerInit({ program, context }: Registration): void {
  program
    .command('init')
    .description("make the base session and the PM agent's session")
    .option('--force', 'make new ones although there are some; sessions of issues stay')
    .option('--headless', 'make them without a terminal')
    .option('--model <provider/model>', "the model of all sessions (default: opencode's own choice)")
    .option('--prompt <text>', 'what to tell the base session (with --headless)')
    .addHelpText('after', EXAMPLES)
    .action(async ({ force = false, headless = false, model, prompt }: InitOptions) => {
      const { terminal } = context;
      if (prompt !== undefined && !headless) {
        throw usageError('--prompt goes with --headless', 'on a terminal you tell the base session yourself');
      }
      if (model !== undefined && !/^[^\s/-][^\s/]*\/\S+$/.test(model)) {
        throw usageError(words`not a model: ${quoted(model)}`, 'use provider/model; opencode models lists them');
      }
      if (!headless && !terminal.interactive) {
        throw new AppError('no_terminal', 'init opens opencode on a terminal, and there is none', {
          hint: 'run: kugetsu init --headless [--prompt TEXT]',
          exit: EXIT.notReady,
        });
      }
      const { initialise } = await import('../../domain/init/initialise.ts');
      const mode = headless ? 'headless' : 'terminal';
      const report = (step: string): void => terminal.err(step);
      const signal = context.gracefulStop();
      const { base, pmAgent } = await initialise(context, { force, mode, model, prompt, report, signal });
      terminal.out(`base\t${base}\npm_agent\t${pmAgent}\nhome\t${context.home.root}`);
    });
}
