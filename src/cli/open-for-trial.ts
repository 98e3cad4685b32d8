import { join } from 'node:path';
import { systemClock } from '../adapters/clock.ts';
import type { Opencode } from '../adapters/opencode/opencode.ts';
import type { SharedServers } from '../adapters/opencode/server/serve-agent.ts';
import { identifyOpencode, type IdentifiedOpencode } from '../adapters/opencode/probe.ts';
import type { CliContext } from './context.ts';

/** The opencode that is installed, whatever it is. @throws AppError `opencode_missing`, `opencode_unexpected` */
export async function installedOpencode({
  env,
  cwd,
  home,
}: Pick<CliContext, 'env' | 'cwd' | 'home'>): Promise<IdentifiedOpencode> {
  return identifyOpencode({ env, cwd, cache: home.opencodeProbe });
}

/** Opens the installed opencode with another environment, for its trial: it need not have passed one. */
export function openForTrial({
  cwd,
}: Pick<CliContext, 'cwd'>): (env: CliContext['env'], servers?: SharedServers) => Promise<Opencode> {
  return async (env, servers) => {
    const inside = (name: string): string => join(env['TMPDIR'] ?? '', name);
    const facts = { env, cwd, clock: systemClock, probeCache: inside('probe.json') };
    const { major } = await identifyOpencode({ env, cwd, cache: facts.probeCache });
    if (major === 2) {
      const { createOpencode2 } = await import('../adapters/opencode2/driver.ts');
      return createOpencode2({ ...facts, tried: undefined });
    }
    const { createOpencode } = await import('../adapters/opencode/opencode-driver.ts');
    return createOpencode({
      ...facts,
      ...(servers === undefined ? {} : { servers }),
      exportCaches: { base: inside('base.json'), pm_agent: inside('pm.json') },
      cleanExport: async () => (json) => json,
    });
  };
}
