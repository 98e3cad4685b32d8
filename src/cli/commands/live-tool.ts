import { toolCommands } from '../../adapters/process/tool-commands.ts';
import type { Run } from '../../domain/runs/run-schema.ts';
import { oneLine } from '../../util/text.ts';
import { formatDuration } from '../../util/time.ts';
import type { CliContext } from '../context.ts';

/**
 * Shows on a terminal, in one line that the next one replaces, what an agent's tool has been running and for how long: its event
 * comes only at its end. For who follows a run while its log says nothing.
 */
export async function showLiveTool(context: CliContext, { agent_pid: agent, verdict }: Run): Promise<void> {
  const { terminal, clock } = context;
  if (!terminal.ruled || agent === null || verdict !== null) return;
  const { redactorOf } = await import('../../domain/agent-env/redactor.ts');
  const { text: clean } = await redactorOf(context);
  const [command] = toolCommands(agent);
  if (command === undefined) return;
  const age = formatDuration(Math.max(0, clock.now() - command.since));
  terminal.progress(oneLine(`… ${age}  ${clean(command.text)}`, terminal.columns - 1));
}
