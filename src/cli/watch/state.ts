import type { Overview } from '../../domain/overview/overview.ts';
import { agentRows, type AgentRow } from './rows.ts';

/** The parts of the screen in which something can be chosen. */
export const PANES = ['agents', 'queue', 'notes'] as const;
export type Pane = (typeof PANES)[number];

/** What a person has done with the screen. */
export interface WatchState {
  readonly pane: Pane;
  /** What is chosen in each pane, by its key; the first row where that is not there. */
  readonly chosen: Readonly<Partial<Record<Pane, string>>>;
  /** The last line: what came of the last command. */
  readonly said: string;
  /** What is done when the answer is yes. */
  readonly asks: { readonly question: string; readonly does: Wish } | undefined;
  readonly help: boolean;
}

/** A command of kugetsu's that a key stands for. */
export interface Wish {
  readonly args: readonly string[];
  /** Whether it has the terminal to itself: it shows something. */
  readonly shows: boolean;
}

/** What a key does. */
export interface Step {
  readonly state: WatchState;
  readonly does?: Wish | 'quit' | 'suspend' | 'redraw';
}

export const FIRST_STATE: WatchState = { pane: 'agents', chosen: {}, said: '', asks: undefined, help: false };

/** The keys of the rows of a pane, from top to bottom. */
export function keysOf(overview: Overview, pane: Pane): readonly string[] {
  if (pane === 'agents') return agentRows(overview).map(({ key }) => key);
  if (pane === 'queue') return overview.tasks.map(({ id }) => id);
  return overview.notifications.map(({ id }) => id).toReversed();
}

/** Which row of a pane is chosen. */
export function chosenIndex(state: WatchState, keys: readonly string[], pane: Pane): number {
  return Math.max(0, keys.indexOf(state.chosen[pane] ?? ''));
}

const PAGE = 10;

const MOVES: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  'page-up': -PAGE,
  'page-down': PAGE,
  home: -Infinity,
  g: -Infinity,
  end: Infinity,
  G: Infinity,
};

/** What a key does, given what is shown. @param known the commands that there are */
export function pressed(state: WatchState, key: string, overview: Overview, known: ReadonlySet<string>): Step {
  if (state.asks !== undefined) return answered(state, state.asks.does, key);
  const move = MOVES[key];
  if (move !== undefined) return { state: moved(state, overview, move) };
  switch (key) {
    case 'q':
    case 'ctrl-c':
      return { state, does: 'quit' };
    case 'ctrl-z':
      return { state, does: 'suspend' };
    case 'ctrl-l':
      return { state, does: 'redraw' };
    case 'tab':
    case 'back-tab':
      return { state: { ...state, pane: otherPane(state.pane, key === 'tab' ? 1 : -1), said: '' } };
    case '?':
      return { state: { ...state, help: !state.help } };
    case 'escape':
      return { state: { ...state, help: false, said: '' } };
    default:
      return commanded({ ...state, help: false, said: '' }, key, overview, known);
  }
}

function answered(state: WatchState, does: Wish, key: string): Step {
  const free = { ...state, asks: undefined };
  return key === 'y' || key === 'Y' ? { state: free, does } : { state: { ...free, said: 'nothing was done' } };
}

function moved(state: WatchState, overview: Overview, by: number): WatchState {
  const keys = keysOf(overview, state.pane);
  const index = Math.min(keys.length - 1, Math.max(0, chosenIndex(state, keys, state.pane) + by));
  const key = keys[index];
  return key === undefined ? state : { ...state, said: '', chosen: { ...state.chosen, [state.pane]: key } };
}

function otherPane(pane: Pane, by: number): Pane {
  return PANES[(PANES.indexOf(pane) + by + PANES.length) % PANES.length] ?? pane;
}

function commanded(state: WatchState, key: string, overview: Overview, known: ReadonlySet<string>): Step {
  const subject = subjectOf(state, overview);
  const ask = (question: string, args: readonly string[]): Step => ({
    state: { ...state, asks: { question, does: { args, shows: false } } },
  });
  const say = (said: string): Step => ({ state: { ...state, said } });
  if (key === 'p') return { state, does: { args: ['queue', isPaused(overview) ? 'resume' : 'pause'], shows: false } };
  if (key === 'x') return { state, does: { args: ['notify', 'clear'], shows: false } };
  if (!'ldascr'.includes(key) && key !== 'enter') return { state };
  if (subject === undefined) return say('nothing is chosen');
  const { name, task, ref, isLive } = subject;
  if (key === 'enter' || key === 'l') {
    return { state, does: { args: ['logs', name, ...(isLive ? ['--follow'] : [])], shows: true } };
  }
  if (key === 'd') return ref === null ? say('this is no issue') : shown(state, ['diff', ref], known);
  if (key === 'a') return ref === null ? say('this is no issue') : shown(state, ['attach', ref], known);
  if (key === 's') return isLive ? ask(`Stop ${name}?`, ['stop', name]) : say(`no agent is at work on ${name}`);
  if (task === null) return say('this is no task');
  return key === 'c'
    ? ask(`Cancel ${task}, and stop the agent that has it?`, ['queue', 'cancel', '-y', task])
    : { state, does: { args: ['queue', 'retry', task], shows: false } };
}

function shown(state: WatchState, args: readonly string[], known: ReadonlySet<string>): Step {
  return known.has(args[0] ?? '')
    ? { state, does: { args, shows: true } }
    : { state: { ...state, said: `there is no kugetsu ${args[0] ?? ''} here` } };
}

/** Whether a person has paused the queue, or it has paused itself. */
function isPaused({ holds }: Overview): boolean {
  return holds.some(({ code }) => code === 'paused');
}

interface Subject {
  /** What commands take: an issue ref or a task id. */
  readonly name: string;
  readonly ref: string | null;
  readonly task: string | null;
  readonly isLive: boolean;
}

function subjectOf(state: WatchState, overview: Overview): Subject | undefined {
  const keys = keysOf(overview, state.pane);
  const key = keys[chosenIndex(state, keys, state.pane)];
  if (state.pane === 'agents') return ofAgent(agentRows(overview).find((row) => row.key === key));
  if (state.pane === 'queue') {
    const task = overview.tasks.find(({ id }) => id === key);
    if (task === undefined) return undefined;
    return { name: task.id, ref: task.issue_ref, task: task.id, isLive: task.state === 'notified' };
  }
  const note = overview.notifications.find(({ id }) => id === key);
  const name = note?.task ?? note?.issue_ref ?? undefined;
  if (note === undefined || name === undefined) return undefined;
  const isLive = agentRows(overview).some(
    (row) => row.isLive && (row.task === note.task || row.ref === note.issue_ref),
  );
  return { name, ref: note.issue_ref, task: note.task, isLive };
}

function ofAgent(row: AgentRow | undefined): Subject | undefined {
  if (row === undefined) return undefined;
  const { ref, task, isLive } = row;
  return { name: ref ?? task ?? row.key, ref, task, isLive };
}
