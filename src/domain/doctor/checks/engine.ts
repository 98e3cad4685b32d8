import {
  removeLeftServers,
  sharedServersOf,
  type RunningServer,
} from '../../../adapters/opencode/server/left-servers.ts';
import { formatBytes, plural } from '../../../util/text.ts';
import type { Check } from '../check.ts';
import { fine, fixable, type Finding } from '../finding.ts';

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
    const major = await opencode.probe().then(
      (probe) => probe.major,
      () => undefined,
    );
    if (engine === undefined || major !== 1) return findings;
    const shared = `agents share a server (AGENT_ENGINE=server), experimental; ${runningWords(running)}`;
    const message = engine === 'server' ? shared : `each agent is a process of its own (AGENT_ENGINE=${engine})`;
    return [...findings, fine(NAME, message)];
  },
};

function runningWords(running: readonly RunningServer[]): string {
  const each = running.map(({ key, version, load }) => {
    const what =
      load === undefined ? 'elsewhere, or busy' : `${plural(load.agents, 'agent')}, ${formatBytes(load.bytes)}`;
    return `${key}: opencode ${version}, ${what}`;
  });
  return [`${plural(running.length, 'server')} running`, ...each].join('; ');
}
