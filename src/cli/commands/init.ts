import { AppError, usageError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { quoted, words } from '../../util/words.ts';
import type { Call } from '../call.ts';

interface InitOptions {
  readonly force: boolean;
  readonly headless: boolean;
  readonly model: string | undefined;
  readonly prompt: string | undefined;
}

/** Creates the base session and the PM agent's, and prints their ids. */
export async function init({ context }: Call, { force, headless, model, prompt }: InitOptions): Promise<void> {
  const { terminal } = context;
  if (prompt !== undefined && !headless) {
    throw usageError('--prompt goes with --headless', 'on a terminal you tell the base session yourself');
  }
  if (model !== undefined && !/^[^\s/-][^\s/]*\/\S+$/.test(model)) {
    throw usageError(words`not a model: ${quoted(model)}`, 'use provider/model; to see them, run: opencode models');
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
}
