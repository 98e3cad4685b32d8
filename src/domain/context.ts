import type { Clock } from '../adapters/clock.ts';
import type { Opencode } from '../adapters/opencode/opencode.ts';
import type { SelfCommand } from '../adapters/process/self-command.ts';
import type { Home } from './home.ts';
import type { Settings } from './settings-schema.ts';

/** What domain functions receive; each asks only for what it needs. */
export interface Context {
  readonly home: Home;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The real path of the directory in which the user called. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly opencode: Opencode;
  readonly self: SelfCommand;
  /** The settings in force, read anew at each call. */
  settings(): Promise<Settings>;
  /** Where agents may keep temporary files: KUGETSU_TEMP_DIR or its default. */
  tempDirectory(): Promise<string>;
}
