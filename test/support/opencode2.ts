import { join } from 'node:path';
import { previewProgram } from '../../scripts/opencode2-preview.ts';
import { identifyOpencode } from '../../src/adapters/opencode/probe.ts';
import { rememberTried } from '../../src/adapters/opencode/tried.ts';
import type { World } from './world.ts';

/** A double of opencode 2.0.25, with the traps that released versions are known to have. */
export const OPENCODE2_DOUBLE = join(import.meta.dirname, 'opencode2-double.mjs');

/** The preview of opencode 2 that `scripts/opencode2-preview.ts` installs. */
export const OPENCODE2_PREVIEW = previewProgram();

/** Has kugetsu take the opencode of a world for one that has passed its trial. @param home where its home is for this process */
export async function passTrial({ env, project, root }: World, home: string): Promise<void> {
  const program = await identifyOpencode({ env, cwd: project, cache: join(root, 'probe.json') });
  await rememberTried(join(home, 'opencode-tried.json'), program, Date.now());
}
