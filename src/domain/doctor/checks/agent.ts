import type { AgentStanding } from '../../../adapters/opencode/configured.ts';
import { pathExists } from '../../../adapters/store/paths.ts';
import { AppError, messageOf } from '../../../util/errors.ts';
import { EXIT } from '../../../util/exit-codes.ts';
import { WITHOUT_PLUGINS, suspectsOf } from '../../runs/explain-startup.ts';
import { type Check, type CheckContext, fine, wrong, type Finding } from '../check.ts';
import { valueOf } from '../survey.ts';

const NAME = 'agent';

/** opencode begins to work with all that its configuration starts, and has the agent that is to do the work. */
export const agentCheck: Check = {
  name: NAME,
  needsHome: true,
  // Long enough to report a plugin that hangs: AGENT_STARTUP_TIMEOUT_SECONDS, and the questions after it.
  limitMs: 240_000,
  async run(context) {
    const directory = valueOf(context.survey.base)?.directory;
    if (directory === undefined || directory === null || !(await pathExists(directory))) return [];
    const { AGENT_NAME: name, AGENT_PROJECT_CONFIG: projectConfig } = await context.settings();
    try {
      return [judged(name, await context.opencode.agentStanding({ name, directory, projectConfig }))];
    } catch (error) {
      // The opencode check reports a missing opencode.
      if (error instanceof AppError && error.exit === EXIT.notReady) return [];
      if (error instanceof AppError && error.code === 'opencode_hangs')
        return [await hanging(context, directory, error)];
      throw error;
    }
  },
};

function judged(name: string, standing: AgentStanding): Finding {
  const command =
    name === 'build'
      ? 'remove "disable" and "mode" from build in opencode.json, or run: kugetsu config set AGENT_NAME NAME'
      : 'kugetsu config set AGENT_NAME build';
  switch (standing) {
    case 'usable':
      return fine(NAME, name);
    case 'subagent':
      return wrong('error', NAME, `the agent ${name} is a subagent, and cannot run by itself`, command);
    case 'unknown':
      return wrong('error', NAME, `opencode has no agent ${name}, or it is disabled`, command);
  }
}

async function hanging({ opencode }: CheckContext, directory: string, error: AppError): Promise<Finding> {
  const extensions = await opencode.configuredExtensions(directory).catch(() => undefined);
  const message = `opencode hangs during start-up: ${messageOf(error)}${suspectsOf(extensions)}`;
  return wrong('error', NAME, message, WITHOUT_PLUGINS);
}
