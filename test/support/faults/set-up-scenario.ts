import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issue, listed, readJson, worktreeOf } from '../fake-world.ts';
import { gitIn, type Outcome, type World } from '../world.ts';
import type { Scenario } from './crash-suite.ts';
import { lost, type Problem } from './problems.ts';
import { soundState, workIsSafe } from './promises.ts';
import { atRest } from './shared-servers.ts';

const work = (number: number): string => `work-${number}-in-a-set-up-worktree`;

/** The files that git ignores in a checkout, and what a worktree must have of each before an agent works there. */
const IGNORED: Readonly<Record<string, string>> = {
  '.env': 'KEY=1\n',
  'node_modules/a/index.js': 'a\n',
  'node_modules/b/index.js': 'b\n',
};

const checkoutOf = (world: World): string => join(world.root, 'checkouts', 'set-up');

async function makeCheckout(world: World): Promise<string> {
  const checkout = checkoutOf(world);
  if (existsSync(checkout)) return checkout;
  await gitIn(world, world.root, 'clone', '--quiet', join(world.root, 'remotes', 'demo.git'), checkout);
  mkdirSync(join(checkout, '.git', 'info'), { recursive: true });
  writeFileSync(join(checkout, '.git', 'info', 'exclude'), '.env\n/node_modules/\n');
  for (const [path, text] of Object.entries(IGNORED)) {
    mkdirSync(join(checkout, path, '..'), { recursive: true });
    writeFileSync(join(checkout, path), text);
  }
  return checkout;
}

/** An agent that fails unless its worktree is set up, wholly and once, and then leaves work there. */
const works = (number: number): string =>
  `fake: sh grep -q KEY .env && cat node_modules/*/index.js && test "$(cat made.txt)" = whole && echo ${work(number)} > left.txt && echo worked`;

async function lastOf(world: World, number: number): ReturnType<typeof listed> {
  return (await listed(world)).filter(({ issue_ref: ref }) => ref === issue(number));
}

/** What is wrong with a worktree in which an agent has worked. */
function notSetUp(world: World, number: number): Problem[] {
  const read = (path: string): string | undefined => {
    const place = join(worktreeOf(world, issue(number)), path);
    return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
  };
  const all = Object.entries({ ...IGNORED, 'made.txt': 'whole\n' });
  return all.filter(([path, text]) => read(path) !== text).map(([path]) => lost(`${path} of the set-up`));
}

async function startIt(world: World, number: number): Promise<Outcome> {
  const outcome = await world.kugetsu('start', issue(number), works(number), '--follow');
  await atRest(world);
  return outcome;
}

/** Whether an agent has worked in the worktree, and what it said. */
const hasWorked = (reply: string | undefined): boolean => reply?.includes('worked') === true;

/** A start that copies files and runs a set-up; wherever that is interrupted, no agent works in less than the whole. */
const setUpStart: Scenario = {
  name: 'a start that sets its worktree up',
  prepare: async (world, number) => {
    const checkout = await makeCheckout(world);
    const path = join(world.home, 'repos.json');
    const known = readJson(path) as Record<string, unknown>;
    const setup = 'echo begun > made.txt; cat .env node_modules/a/index.js && echo whole > made.txt';
    const settings = { checkout, copy: ['.env', '/node_modules/'], setup };
    writeFileSync(path, JSON.stringify({ ...known, [issue(number)]: settings }));
  },
  act: startIt,
  check: async (world, number, { code }) => {
    const problems = await soundState(world);
    const [first] = await lastOf(world, number);
    const verdict = first?.run?.verdict;
    if (verdict === null) problems.push('nothing runs, and the last run has no verdict');
    if (code === 0 && verdict?.outcome !== 'succeeded') problems.push('it was said to have succeeded');
    const before = hasWorked(verdict?.reply);
    if (verdict?.outcome === 'succeeded' && !before) problems.push('an agent worked where nothing was set up');
    if (before) problems.push(...notSetUp(world, number));
    // Whoever goes on in what is left finds it set up, or is told to start.
    const continued = await world.kugetsu('continue', issue(number), works(number), '--follow');
    const [second] = await lastOf(world, number);
    if (continued.code === 0 && !hasWorked(second?.run?.verdict?.reply)) {
      problems.push(`continue worked where nothing was set up: ${second?.run?.verdict?.reply}`);
    }
    if (continued.code === 0) problems.push(...notSetUp(world, number));
    const again = await startIt(world, number);
    if (again.code !== 0) problems.push(`start afterwards: ${again.stderr}`);
    if (before || continued.code === 0) problems.push(...(await workIsSafe(world, issue(number), work(number))));
    return [...problems, ...notSetUp(world, number)];
  },
};

/** What copies files and runs set-ups. */
export const SET_UP_SCENARIOS: readonly Scenario[] = [setUpStart];
