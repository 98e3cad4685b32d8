import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome, World } from '../world.ts';
import { leaked, type Problem } from './problems.ts';
import { checked, faultsDirectory, interruptible, prepared, type CrashPoint, type Scenario } from './crash-suite.ts';
import { atRest } from './shared-servers.ts';

/** One change that is refused, and the ones after it, until that many were. */
export interface Refusal {
  readonly point: CrashPoint;
  readonly error: string;
  readonly refusals: number;
}

/** A refusal that was made, and what was not as promised. */
export interface RefusalResult extends Refusal {
  readonly fired: boolean;
  readonly problems: readonly Problem[];
}

const DOCUMENTED = new Set([0, 1, 3, 4]);
/** Longer than the daemon lets a task rest after an error of the system. */
const LATER_MS = 10 * 60_000;
const POKE_MS = 250;

/** Plays the scenario while changes are refused, frees the disk, and looks what came of it. */
export async function refuseAt(
  world: World,
  scenario: Scenario,
  { refusal, number }: { readonly refusal: Refusal; readonly number: number },
): Promise<RefusalResult> {
  const faults = faultsDirectory(world);
  const offset = join(faults, 'offset');
  await prepared(world, scenario, number);
  const { point, error, refusals } = refusal;
  writeFileSync(join(faults, 'armed'), JSON.stringify({ ...point, error, refusals }));
  const poking = setInterval(() => poke(world, faults, offset), POKE_MS);
  const act = scenario.act(interruptible(world.withEnv({ KUGETSU_CLOCK_OFFSET: offset }), faults), number);
  const outcome = await act.finally(() => clearInterval(poking));
  const unclear = existsSync(join(faults, 'fired')) ? unclearIn(outcome, error) : [];
  const broken = await checked(world, scenario, number, outcome);
  await atRest(world);
  const problems = [...unclear, ...broken, ...leftIn(world)];
  return { ...refusal, fired: existsSync(join(faults, 'fired')), problems };
}

/** Once something was refused, it is minutes later, and the daemon looks: what waits to be tried again is. */
function poke(world: World, faults: string, offset: string): void {
  if (!existsSync(join(faults, 'fired'))) return;
  writeFileSync(offset, String(LATER_MS));
  mkdirSync(join(world.home, 'queue', 'items'), { recursive: true });
  writeFileSync(join(world.home, 'queue', 'items', '.wake'), '');
}

/** What is not as it should be in how a command that was refused something ended. */
export function unclearIn({ code, stdout, stderr }: Outcome, error: string): Problem[] {
  const problems: Problem[] = [];
  if (!DOCUMENTED.has(code)) problems.push(`exit code ${code}`);
  if (/^\s+at .*[:(]\d+|internal error/m.test(stderr)) problems.push(`a stack trace: ${stderr}`);
  if (code === 0) return problems;
  const lines = stderr.split('\n').filter((line) => line !== '');
  const hintless = lines.filter(
    (line, at) => line.startsWith('kugetsu: ') && !lines.slice(at).some((hint) => hint.startsWith('  ')),
  );
  for (const line of hintless) problems.push(`without a hint: ${line}`);
  // What comes after a command that was refused finds nothing to do.
  const consequence = /there is no session for|no agent is at work/.test(stderr);
  if (!consequence && !`${stdout}${stderr}`.includes(error)) problems.push(`it does not say why: ${stderr}`);
  return problems;
}

/** Temporary files that nobody will remove. */
function leftIn({ home, root }: World): Problem[] {
  const inHome = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?:^|\/)\.[^/]*\.tmp$|\/\.scratch-/.test(path),
  );
  const elsewhere = readdirSync(join(root, 'tmp')).filter((name) => name.startsWith('kugetsu-'));
  return [...inHome, ...elsewhere].map(leaked);
}
