import { runTrial, type TrialReport, type TriedStep } from '../../domain/doctor/trial/run-trial.ts';
import { redactorOf } from '../../domain/agent-env/redactor.ts';
import { makePrivateDirectory } from '../../adapters/store/private-files.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { formatDuration } from '../../util/time.ts';
import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { renderTable, type Column } from '../views/table.ts';
import { join } from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import type { Opencode } from '../../adapters/opencode/opencode.ts';
import type { SharedServers } from '../../adapters/opencode/server/serve-agent.ts';
import { identifyOpencode, type IdentifiedOpencode } from '../../adapters/opencode/probe.ts';
import type { CliContext } from '../context.ts';

/** Tries the installed opencode, prints how each step went, and remembers whether it has passed. */
export async function tryOpencode({ context, exitWith }: Call, { json }: { readonly json: boolean }): Promise<void> {
  const { terminal, home, clock } = context;
  const { forgetTried, rememberTried } = await import('../../adapters/opencode/tried.ts');
  const before = await installedOpencode(context);
  const { BROUGHT_ALONG } = await import('../../adapters/opencode/tried.ts');
  const { text: clean } = await redactorOf(context);
  const told = (step: TriedStep): TriedStep => ({ ...step, note: clean(step.note) });
  if (!json) terminal.err(`trying opencode ${before.version} (${before.path}): this takes a minute or two`);
  const found = await runTrial(context, {
    open: openForTrial(context),
    signal: context.gracefulStop(),
    onStep: (step) => terminal.err(`tried: ${step.name.padEnd(16)} ${step.outcome}`),
  });
  const report: TrialReport = { ...found, steps: found.steps.map(told) };
  await makePrivateDirectory(home.root);
  const server = report.server === true ? { server: BROUGHT_ALONG } : {};
  if (report.passed) await rememberTried(home.opencodeTried, { ...before, ...server }, clock.now());
  else await forgetTried(home.opencodeTried, before);
  const why = report.passed ? await context.opencode.warm(context.gracefulStop()).catch(() => undefined) : undefined;
  const listing = { rows: report.steps, columns: COLUMNS, empty: 'nothing was tried' };
  await printResult(context, { json, value: report, text: async (style) => renderTable(listing, style) });
  if (!json) for (const line of conclusions(report)) terminal.err(line);
  if (!json && why !== undefined) terminal.err(`no agent shares a server yet: ${why}`);
  if (!report.passed) exitWith(EXIT.failed);
}

const COLUMNS: readonly Column<TriedStep>[] = [
  { title: 'STEP', cell: ({ name }) => name },
  { title: 'OUTCOME', cell: ({ outcome }) => outcome },
  { title: 'TOOK', cell: ({ ms }) => formatDuration(ms) },
  { title: 'WHAT', cell: ({ note }) => note },
];

function conclusions({ opencode: { version, major }, passed, server }: TrialReport): string[] {
  if (!passed) {
    const then = major === 1 ? 'agents may fail with it' : 'kugetsu runs no agent with it';
    return [`opencode ${version} has not passed: ${then}`];
  }
  const whole = `opencode ${version} has passed: kugetsu runs agents with it as it stands`;
  if (server === null) return [whole];
  return [whole, server ? SERVER_PASSED : SERVER_FAILED];
}

const SERVER_PASSED =
  'its shared server has passed: with AGENT_ENGINE=auto, agents share one; otherwise, run: kugetsu config set AGENT_ENGINE process';
const SERVER_FAILED = 'its shared server has not passed: with AGENT_ENGINE=auto, each agent is a process of its own';

/** The opencode that is installed, whatever it is. @throws AppError `opencode_missing`, `opencode_unexpected` */
async function installedOpencode({
  env,
  cwd,
  home,
}: Pick<CliContext, 'env' | 'cwd' | 'home'>): Promise<IdentifiedOpencode> {
  return identifyOpencode({ env, cwd, cache: home.opencodeProbe });
}

/** Opens the installed opencode with another environment, for its trial: it need not have passed one. */
function openForTrial({
  cwd,
}: Pick<CliContext, 'cwd'>): (env: CliContext['env'], servers?: SharedServers) => Promise<Opencode> {
  return async (env, servers) => {
    const inside = (name: string): string => join(env['TMPDIR'] ?? '', name);
    const facts = { env, cwd, clock: systemClock, probeCache: inside('probe.json') };
    const { major } = await identifyOpencode({ env, cwd, cache: facts.probeCache });
    if (major === 2) {
      const { createOpencode2 } = await import('../../adapters/opencode2/driver.ts');
      return createOpencode2({ ...facts, tried: undefined });
    }
    const { createOpencode } = await import('../../adapters/opencode/opencode-driver.ts');
    return createOpencode({
      ...facts,
      ...(servers === undefined ? {} : { servers }),
      exportCaches: { base: inside('base.json'), pm_agent: inside('pm.json') },
      cleanExport: async () => (json) => json,
    });
  };
}
