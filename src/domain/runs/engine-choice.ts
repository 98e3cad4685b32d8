import type { EngineChoice } from '../../adapters/engine/agent-engine.ts';
import { AppError } from '../../util/errors.ts';
import { said, words } from '../../util/words.ts';
import type { RunAgent } from '../agent-env/agents.ts';
import { readAgentVariables } from '../agent-env/env-file.ts';
import type { Context } from '../context.ts';
import type { IssueRef } from '../issues/issue-ref.ts';
import { repositorySettings } from '../servers/repository-settings.ts';
import { SettingsSchema } from '../settings-schema.ts';

const VARIABLE = 'AGENT_ENGINE';

/**
 * Where this agent is to work, by its env files or, failing that, by its repository; undefined when both leave it to the home's
 * own setting.
 *
 * @throws AppError `bad_env_file`, `corrupt_file`, `bad_repository_setting`
 */
export async function engineChoice(
  context: Pick<Context, 'home' | 'env'>,
  { agent, issue }: { readonly agent: RunAgent; readonly issue?: IssueRef | undefined },
): Promise<EngineChoice | undefined> {
  const { [VARIABLE]: ofAgent } = await readAgentVariables(context, agent);
  if (ofAgent === undefined) return issue === undefined ? undefined : (await repositorySettings(context, issue)).engine;
  const { data, error } = SettingsSchema.shape[VARIABLE].safeParse(ofAgent);
  if (data !== undefined) return data;
  throw new AppError(
    'bad_env_file',
    words`${VARIABLE} of ${agent}: ${error?.issues[0]?.message ?? ''}, not ${said(ofAgent)}`,
    {
      hint: `run: kugetsu env set ${VARIABLE} process ${agent}`,
    },
  );
}
