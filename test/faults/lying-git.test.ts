// Slow: a scenario for each call of git, with each lie.
import { onTestFinished, expect, describe, test } from 'vitest';
import { OUTPUTS } from '../support/corpus.ts';
import { crashWorld, type Scenario } from '../support/faults/crash-suite.ts';
import { report } from '../support/faults/figures.ts';
import { LIES, withLyingGit, type Lie } from '../support/faults/lying-git.ts';
import { counted, type Problem } from '../support/faults/problems.ts';
import { ALL, sample } from '../support/faults/sample.ts';
import { atRest } from '../support/faults/shared-servers.ts';
import { SCENARIOS } from '../support/faults/scenarios.ts';
import { BINARY, type Outcome, type World } from '../support/world.ts';

/** Those in which git has the work of an agent in its hands. */
const NAMES = new Set([
  'start over work that was left',
  'destroy work that was left',
  'prune',
  'the first start in a repository',
]);

/** With FAULTS=all each call with each lie; else a part of the calls, with the lies in turn. */
function chosen(calls: number): Lie[] {
  const numbers = Array.from({ length: calls }, (_, index) => index + 1);
  const output = (seed: number): string => OUTPUTS[seed % OUTPUTS.length] ?? '';
  if (ALL) return numbers.flatMap((call) => LIES.map((how) => ({ call, how, output: output(call) })));
  return sample(numbers).map((call, index) => ({
    call,
    how: LIES[index % LIES.length] ?? 'fails',
    output: output(index),
  }));
}

function undecent({ code, stdout, stderr }: Outcome): Problem[] {
  const problems = [0, 1, 2, 3, 4].includes(code) ? [] : [`exit code ${code}`];
  if (/internal error|^\s+at .*:\d+|TypeError|RangeError/m.test(stderr)) problems.push(`a trace: ${stderr}`);
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/.test(`${stdout}${stderr}`)) problems.push('a control character');
  if (code !== 0 && !/^kugetsu: [^\n]+\n/m.test(stderr) && !stdout.includes('failed'))
    problems.push(`silent: ${stderr}`);
  return problems;
}

interface Told {
  readonly lie: string;
  readonly problems: readonly Problem[];
}

async function toldTo(world: World, scenario: Scenario, { lie, number }: { lie: Lie; number: number }): Promise<Told> {
  await scenario.prepare?.(world, number);
  const lying = withLyingGit(world, lie);
  const outcome = await scenario.act(lying.world, number);
  const problems = await scenario.check(world, number, outcome).catch((error: unknown) => [String(error)]);
  const called = lying.calls()[lie.call - 1] ?? 'not called';
  const what = `${called} ${lie.how} ${lie.how === 'prints' ? JSON.stringify(lie.output.slice(0, 40)) : ''}`;
  return { lie: `${what} -> ${outcome.code} ${outcome.stderr}`, problems: [...undecent(outcome), ...problems] };
}

/** A lie about a lock costs some seconds in which this machine has nothing to do. */
const WORLDS = 3;

describe.each(SCENARIOS.filter(({ name }) => NAMES.has(name)))('$name', (scenario) => {
  // A scenario for each lie.
  test(
    'loses nothing and says what is wrong when git fails, is killed, or lies',
    { timeout: 60 * 60_000 },
    async () => {
      const first = await lyingWorld();
      await scenario.prepare?.(first, 100_001);
      const honest = withLyingGit(first);
      expect(await scenario.check(first, 100_001, await scenario.act(honest.world, 100_001))).toEqual([]);
      const queue = chosen(honest.calls().length).map((lie, index) => ({ lie, number: index + 1 }));
      expect(queue.length).toBeGreaterThan(0);
      const told: Told[] = [];
      await Promise.all(
        Array.from({ length: WORLDS }, async (_, index) => {
          const world = index === 0 ? first : await lyingWorld();
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            told.push(await toldTo(world, scenario, next));
          }
        }),
      );
      const problems = told.flatMap((each) => each.problems);
      report({ part: `lying git: ${scenario.name}`, cases: told.length, ...counted(problems) });
      expect(told.filter((each) => each.problems.length > 0)).toEqual([]);
    },
  );
});

async function lyingWorld(): Promise<World> {
  const world = await crashWorld(BINARY[0] ?? '');
  onTestFinished(async () => {
    await atRest(world);
    expect(await world.destroy()).toEqual([]);
  });
  return world;
}
