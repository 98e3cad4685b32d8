import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { isAtLeast } from '../../util/versions.ts';
import type { OpencodeProbe } from '../opencode/opencode.ts';
import { INSTALL_BESIDE, MINIMUM_VERSION_2 } from '../opencode/opencode-version.ts';
import { identifyOpencode, rememberProbe, requireSameMajor, type IdentifiedOpencode } from '../opencode/probe.ts';
import { wasTried } from '../opencode/tried.ts';

/** The command that tries an opencode. */
export const TRY_COMMAND = 'kugetsu doctor --try-opencode';

interface ProbeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly cache: string;
  /** Which programs have passed their trial; undefined for the trial itself. */
  readonly tried: string | undefined;
  readonly madeBy?: (() => Promise<number | undefined>) | undefined;
  /** Says which opencode it is, for one who has just asked it. */
  readonly identify?: (() => Promise<IdentifiedOpencode>) | undefined;
}

/**
 * Finds an opencode 2, and checks that it made the sessions there are, is new enough, and has passed its trial as it stands:
 * no released one was there to test kugetsu with.
 *
 * @throws AppError `other_opencode`, `opencode_too_old`, `opencode_unsupported` (exit code 3)
 */
export async function probeOpencode2(options: ProbeOptions): Promise<OpencodeProbe> {
  const { facts, isChecked, ...probe } = await (options.identify?.() ?? identifyOpencode(options));
  await requireSameMajor(probe, options);
  requireNewEnough(probe);
  if (options.tried === undefined) return probe;
  if (!(await wasTried(options.tried, { facts, version: probe.version }))) {
    const message = `opencode ${probe.version} at ${probe.path} has not passed its trial with this kugetsu`;
    const hint = `run: ${TRY_COMMAND} (or keep 1.18 beside it: ${INSTALL_BESIDE})`;
    throw new AppError('opencode_unsupported', message, { hint, exit: EXIT.notReady });
  }
  if (!isChecked) await rememberProbe(options.cache, { facts, version: probe.version });
  return probe;
}

/** A preview has no version of its own: its trial tells whether it will do. */
function requireNewEnough({ path, version }: OpencodeProbe): void {
  if (version.includes('-next-') || isAtLeast(version, MINIMUM_VERSION_2)) return;
  const message = `opencode ${version} is older than ${MINIMUM_VERSION_2} (${path})`;
  const hint = `upgrade it, or keep 1.18 beside it, run: ${INSTALL_BESIDE}`;
  throw new AppError('opencode_too_old', message, { hint, exit: EXIT.notReady });
}
