import { whyNoServer } from '../../../adapters/opencode/server/serve-agent.ts';
import { hasServerPassed } from '../../../adapters/opencode/tried.ts';
import {
  removeLeftServers,
  sharedServersOf,
  type RunningServer,
} from '../../../adapters/opencode/server/left-servers.ts';
import { TRY_COMMAND } from '../../../adapters/opencode2/probe.ts';
import { formatBytes, plural } from '../../../util/text.ts';
import type { Context } from '../../queue/context.ts';
import { type Check, fine, fixable, note, type Finding } from '../check.ts';

const NAME = 'engine';

/** Which engine agents work with, and what is left of servers that they shared. */
export const engineCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const { home, clock, opencode } = context;
    const { running, left } = await sharedServersOf(home);
    const findings: Finding[] =
      left === 0
        ? []
        : [
            fixable('info', NAME, `${plural(left, 'shared server')} of opencode died or got lost`, async () => {
              const count = await removeLeftServers(home, clock);
              return `removed what was left of ${plural(count, 'shared server')}`;
            }),
          ];
    // The config check reports a setting that cannot be read, and the opencode check one that cannot be used.
    const engine = await context.settings().then(
      ({ AGENT_ENGINE: wanted }) => wanted,
      () => undefined,
    );
    const probe = await opencode.probe().catch(() => undefined);
    if (engine === undefined || probe?.major !== 1) return findings;
    if (engine === 'process') return [...findings, apart('AGENT_ENGINE=process')];
    if (engine === 'auto' && !(await hasServerPassed(home.opencodeTried, probe))) {
      return [...findings, apart(`AGENT_ENGINE=auto: to share a server, a trial has to pass: ${TRY_COMMAND}`)];
    }
    return [...findings, await sharing(context, { engine, running })];
  },
};

/** An agent whose env files say otherwise is not looked at. */
async function sharing(
  context: Context,
  { engine, running }: { readonly engine: string; readonly running: readonly RunningServer[] },
): Promise<Finding> {
  const why = (await context.settings()).AGENT_PROJECT_CONFIG
    ? 'AGENT_PROJECT_CONFIG is on'
    : await whyNoServer(context.env);
  if (why === undefined) {
    return fine(NAME, `agents share a server (AGENT_ENGINE=${engine}), experimental; ${runningWords(running)}`);
  }
  return note(NAME, `each agent is a process of its own, and none shares a server (AGENT_ENGINE=${engine}): ${why}`);
}

function apart(why: string): Finding {
  return fine(NAME, `each agent is a process of its own (${why})`);
}

function runningWords(running: readonly RunningServer[]): string {
  const each = running.map(({ key, version, load }) => {
    const what =
      load === undefined ? 'elsewhere, or busy' : `${plural(load.agents, 'agent')}, ${formatBytes(load.bytes)}`;
    return `${key}: opencode ${version}, ${what}`;
  });
  return [`${plural(running.length, 'server')} running`, ...each].join('; ');
}
