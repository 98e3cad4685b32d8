import { join } from 'node:path';
import type { SessionRights } from '../../../adapters/engine/session-rights.ts';
import { APART } from '../../../adapters/opencode/server/serve-agent.ts';
import { sendSignal } from '../../../adapters/process/end-processes.ts';
import { processesOfRun } from '../../../adapters/process/process-table.ts';
import { pathExists } from '../../../adapters/store/paths.ts';
import { readTextIfExists } from '../../../adapters/store/private-files.ts';
import type { Context } from '../../context.ts';
import { play, type Blow, type Played } from './play.ts';
import { TOLD } from './script.ts';
import type { TrialWorld } from './trial-world.ts';

const RIGHTS: SessionRights = { kind: 'unattended', writable: [] };

/** What the steps of a trial work on. */
export interface Trial {
  readonly context: Pick<Context, 'clock' | 'opencode'>;
  readonly world: TrialWorld;
  readonly signal: AbortSignal;
  /** Whether agents are to share a server. */
  readonly isShared: boolean;
  /** The sessions that earlier steps have made. */
  base: string;
  fork: string;
}

/** Something that kugetsu needs of opencode. @throws Error with what it does instead */
export interface TrialStep {
  readonly name: string;
  readonly about: string;
  readonly run: (trial: Trial) => Promise<void>;
}

/** Everything that is tried, in an order in which each builds on those before. */
export const TRIAL_STEPS: readonly TrialStep[] = [
  { name: 'create', about: 'a session is made where it was asked for, with its rules', run: create },
  { name: 'answer', about: 'an agent answers, and is heard to its end', run: answer },
  { name: 'fork', about: 'a copy of the session lives in another directory, and knows what was said', run: fork },
  { name: 'tool', about: 'a command of the agent runs in that directory, and in its run', run: tool },
  { name: 'ask', about: 'what opencode asks about is answered', run: ask },
  { name: 'question', about: 'a question to a person does not keep the agent waiting', run: question },
  { name: 'refusal', about: 'a model that refuses is an error, with its reason', run: refusal },
  { name: 'interrupt', about: 'an agent that is stopped ends with its tools, and goes on when told', run: interrupt },
  { name: 'kill', about: 'after a kill nothing goes on by itself, and the session can be gone on with', run: kill },
  { name: 'delete', about: 'a session that is deleted is gone', run: remove },
];

const OF_SERVERS = new Set(['create', 'answer', 'fork', 'tool', 'interrupt', 'delete']);

/** What is tried of a server that agents share: what goes another way there. */
export const SERVER_STEPS: readonly TrialStep[] = TRIAL_STEPS.filter(({ name }) => OF_SERVERS.has(name)).map(
  (step) => ({ ...step, name: `server ${step.name}` }),
);

async function create(trial: Trial): Promise<void> {
  const { context, world } = trial;
  trial.base = await context.opencode.createSession({ title: 'Trial', directory: world.first, rights: RIGHTS });
  const [stored] = await context.opencode.describeSessions([trial.base]);
  check(stored?.directory === world.first, `the session is in ${stored?.directory ?? 'no directory'}`);
  const lack = stored === undefined ? undefined : await context.opencode.lackOfRights(stored, RIGHTS);
  check(lack === undefined, `the session lacks its rules: ${lack?.message ?? ''}`);
}

async function answer(trial: Trial): Promise<void> {
  succeeded(await tell(trial, trial.base, TOLD.remember));
}

async function fork(trial: Trial): Promise<void> {
  const { context, world, base } = trial;
  const directory = world.second;
  trial.fork = await context.opencode.forkSession({ base, title: 'Fork', directory, rights: RIGHTS });
  const sessions = await context.opencode.describeSessions([base, trial.fork]);
  const [from, to] = [base, trial.fork].map((id) => sessions.find((session) => session.id === id));
  check(from?.directory === world.first, 'the session that was copied has moved');
  check(to?.directory === directory, `the copy is in ${to?.directory ?? 'no directory'}`);
  check(to?.messages === from?.messages && (to?.messages ?? 0) > 0, 'the copy does not have what was said');
}

async function tool(trial: Trial): Promise<void> {
  const { world } = trial;
  const played = succeeded(await tell(trial, trial.fork, TOLD.directory));
  const told = world.requests.findLast(({ message }) => message.includes(TOLD.directory));
  check(told?.body.includes(TOLD.remember) === true, 'the agent was not told what its session knows');
  const [where, run] = ((await readTextIfExists(join(world.second, 'where'))) ?? '').split('\n');
  check(where === world.second, `the command ran in ${where === '' ? 'another directory' : where}`);
  check(run === played.runId, 'the command does not carry the id of its run');
}

async function ask(trial: Trial): Promise<void> {
  succeeded(await tell(trial, trial.fork, TOLD.ask));
  check(await pathExists(join(trial.world.second, 'asked')), 'the command that was asked about did not run');
}

async function question(trial: Trial): Promise<void> {
  succeeded(await tell(trial, trial.fork, TOLD.question));
}

async function refusal(trial: Trial): Promise<void> {
  const { exit, events } = await tell(trial, trial.fork, TOLD.refused);
  check(exit.exitCode !== 0, 'the run seems to have gone well');
  const error = events.find((event) => event.type === 'error');
  check(error?.statusCode === 401, 'the error does not say that the model answered 401');
}

async function interrupt(trial: Trial): Promise<void> {
  const { runId, exit } = await tell(trial, trial.fork, TOLD.work, async (agent) => agent.stop());
  check(exit.exitCode !== 0 || exit.signal !== undefined, 'the run seems to have gone well');
  check(processesOfRun(runId).length === 0, 'a tool of the agent works on');
  succeeded(await tell(trial, trial.fork, TOLD.goOn));
}

async function kill(trial: Trial): Promise<void> {
  const { world } = trial;
  const calls = (): number => world.requests.filter(({ message }) => message.includes(TOLD.work)).length;
  const before = calls();
  const { runId } = await tell(trial, trial.fork, TOLD.work, ({ pid }) => void sendSignal(pid, 'SIGKILL'));
  check(processesOfRun(runId).length === 0, 'a tool of the agent works on');
  succeeded(await tell(trial, trial.fork, TOLD.goOn));
  check(calls() === before + 1, 'the turn that was killed was begun again by itself');
}

async function remove({ context, base, fork: copy }: Trial): Promise<void> {
  for (const id of [copy, base, copy]) await context.opencode.deleteSession(id);
  const left = await context.opencode.describeSessions([base, copy]);
  check(left.length === 0, 'a session that was deleted is still there');
}

async function tell(trial: Trial, session: string, message: string, blow?: Blow): Promise<Played> {
  const { context, world, signal } = trial;
  const directory = session === trial.base ? world.first : world.second;
  const told = { session, directory, message, signal, ...(blow === undefined ? {} : { blow }) };
  const played = await play(context, world, told);
  if (trial.isShared) wasShared(played);
  return played;
}

function wasShared({ events }: Played): void {
  const texts = events.flatMap((event) => (event.type === 'output' ? [event.text] : []));
  const line = texts.find((text) => text.startsWith(APART));
  check(line === undefined, `the agent did not share a server: ${line?.slice(APART.length) ?? ''}`);
}

function succeeded(played: Played): Played {
  const { exit, events } = played;
  const error = events.find((event) => event.type === 'error');
  const how = error?.message ?? exit.signal ?? `exit code ${exit.exitCode ?? 'unknown'}`;
  check(exit.exitCode === 0 && error === undefined, `the agent failed: ${how}`);
  const last = events.findLast((event) => event.type === 'step_finish');
  check(last?.reason === 'stop', 'the end of the turn was not heard');
  return played;
}

function check(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}
