import { join } from 'node:path';
import { pathExists, realPath } from '../../../adapters/store/paths.ts';
import { removeDirectory } from '../../../adapters/store/private-files.ts';
import { withScratchDirectory } from '../../../adapters/store/scratch.ts';
import { formatDuration } from '../../../util/time.ts';
import { said, words } from '../../../util/words.ts';
import { agentEnvironment } from '../../runs/agent-environment.ts';
import { explainStartup } from '../../runs/explain-startup.ts';
import { ownRun } from '../../runs/orphans.ts';
import { runAgent } from '../../runs/run-agent.ts';
import { openRunLog } from '../../runs/run-log.ts';
import { newRunId } from '../../runs/run-id.ts';
import type { Verdict } from '../../runs/run-schema.ts';
import { DOCTOR_TITLE } from '../../sessions/session-titles.ts';
import { type Check, type CheckContext, fine, wrong } from '../check.ts';
import { valueOf } from '../survey.ts';

const MODEL = 'model';
/** A model that has not begun to answer one word by then keeps agents waiting too, in milliseconds. */
const ANSWER_MS = 45_000;

/**
 * The model answers with the credentials that there are. Nothing but a question tells: a list of credentials does not
 * know whether they are valid. It is one word, in a session that is deleted, without tools and instructions.
 */
export const modelCheck: Check = {
  name: MODEL,
  needsHome: true,
  limitMs: 2 * ANSWER_MS + 30_000,
  async run(context) {
    const model = valueOf(context.survey.base)?.model ?? undefined;
    const startedAt = context.clock.monotonic();
    const verdict = await ask(context, model);
    const took = formatDuration(context.clock.monotonic() - startedAt);
    const name = model ?? "opencode's own choice of a model";
    if (verdict.outcome === 'succeeded') return [fine(MODEL, `${name} answers (${took})`)];
    const message = `${name} does not answer (${verdict.class}): ${verdict.message}`;
    return [wrong('error', MODEL, message, verdict.hint ?? 'try it by hand: opencode run hello; opencode auth login')];
  },
};

async function ask(context: CheckContext, model: string | undefined): Promise<Omit<Verdict, 'evidence'>> {
  const { home, opencode, signal } = context;
  const runId = newRunId(context);
  const disown = await ownRun(context, runId, { kind: 'question', what: 'a question of doctor' });
  return withScratchDirectory(await realPath(home.root), async ({ path: directory }) => {
    const session = await opencode.createSession({
      title: DOCTOR_TITLE,
      directory,
      rights: { kind: 'words_only' },
    });
    const log = await openRunLog(context, join(home.runs, runId, 'log'));
    try {
      const tempDirectory = join(await context.tempDirectory(), runId);
      const run = { id: runId, temporary: tempDirectory };
      const env = await agentEnvironment(context, { agent: 'dev-agent', run });
      const message = 'Reply with the word ok.';
      const since = context.clock.now();
      const verdict = await runAgent(context, {
        runId,
        runDirectory: join(home.runs, runId),
        tempDirectory,
        request: { session, directory, message, model, debug: false, bare: true, env },
        log,
        deadlines: { startupMs: ANSWER_MS, stallMs: 0, totalMs: 2 * ANSWER_MS },
        signal,
        onStarted: async () => undefined,
      });
      return await explainStartup(context, verdict, { session, directory, since });
    } finally {
      await log.close();
      await opencode.deleteSession(session);
      await removeDirectory(join(home.runs, runId));
      await disown();
    }
  });
}

const MODELS = 'models';
/** More providers than these are counted. */
const SHOWN = 8;

/** Which part of its catalogue of models opencode gets: a smaller one takes less time and memory in each run. */
export const modelsCheck: Check = {
  name: MODELS,
  needsHome: true,
  async run({ survey, opencode }) {
    const directory = valueOf(survey.base)?.directory;
    if (directory === undefined || directory === null || !(await pathExists(directory))) return [];
    const given = await opencode.modelCatalogue(directory);
    if ('whole' in given) {
      return [fine(MODELS, words`opencode gets its whole catalogue of models: ${said(given.whole, 160)}`)];
    }
    const { providers, of } = given;
    const names = providers.length > SHOWN ? `${providers.length}` : providers.join(', ');
    return [fine(MODELS, `opencode gets the models of ${names}, of the ${of} providers that it knows`)];
  },
};
