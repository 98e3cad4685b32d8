import type { ListedTask } from '../../domain/overview/tasks.ts';
import type { Overview } from '../../domain/overview/overview.ts';
import type { Notification } from '../../domain/notifications/notification-schema.ts';
import { oneLine, type Style } from '../../util/text.ts';
import { cutEnd, cutMiddle, widthOf } from '../views/cells.ts';
import { palette } from '../views/palette.ts';
import { reasonColumn } from '../views/explained.ts';
import { activityText, costText, liveText, stateColour, tokensText, workText } from '../views/sessions.ts';
import { ago, shortCount, shortIds, since } from '../views/short.ts';
import { hostTexts } from '../views/hosts.ts';
import { agentRows, type AgentRow } from './rows.ts';
import { chosenIndex, keysOf, PANES, type Pane, type WatchState } from './state.ts';

/** Of what holds the queue as a whole, so much is shown. */
const MOST_HOLDS = 2;

/** What the screen is like. */
export interface FrameStyle {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** A piece of a line: its text, the columns that it takes, and how it looks. */
interface Cell {
  readonly text: string;
  readonly width: number;
  readonly colour?: Style | undefined;
  readonly cut?: 'middle';
}

interface Row {
  readonly key: string;
  readonly cells: readonly Cell[];
}

const HELP = [
  'up, down, k, j   move; page-up, page-down, g, G move further',
  'tab              the next part: agents, queue, notifications',
  'enter, l         the log, followed while its agent is at work; ^C comes back',
  'd                what has changed in the worktree',
  'a                take over in opencode',
  's                stop the agent',
  'c                cancel the task',
  'r                retry the task',
  'p                pause the queue, or let it go on',
  'x                mark all notifications as read',
  'q, ^C            leave; agents go on',
];

/** The whole screen: exactly as many lines as it has, none wider than it is. */
export function frame(overview: Overview, state: WatchState, style: FrameStyle): string[] {
  const { columns, rows } = style;
  const header = headerOf(overview, style);
  const footer = footerOf(state, style);
  const room = Math.max(0, rows - header.length - footer.length);
  const body = state.help ? HELP.map((line) => cutEnd(` ${line}`, columns)) : bodyOf(overview, state, style, room);
  const shown = body.slice(0, room);
  const filled = [...header, ...shown, ...Array.from({ length: room - shown.length }, () => ''), ...footer];
  return filled.slice(0, rows);
}

function headerOf(overview: Overview, { columns, colour }: FrameStyle): string[] {
  const { slots, tasks, today, daemon, fleet, holds, problems } = overview;
  const paint = palette(colour);
  const pending = tasks.filter(({ state }) => state === 'pending').length;
  const facts = [
    `agents ${slots.taken}/${slots.limit}`,
    `PM ${slots.pm_running}${slots.pm_limit === null ? '' : `/${slots.pm_limit}`}`,
    `${pending} waiting`,
    `today ${shortCount(today.tokens)} tokens${today.cost === 0 ? '' : `, $${today.cost.toFixed(2)}`}`,
    daemon.running ? 'daemon on' : 'no daemon',
  ];
  const first = paint.bold(cutEnd(`kugetsu  ${facts.join('  ')}`, columns));
  const held = holds.slice(0, MOST_HOLDS).map(({ text, command }) => oneLine(`! ${text}; run: ${command}`));
  const second = held.map((line) => paint.yellow(cutEnd(line, columns)));
  const third = problems.length === 0 ? [] : [paint.red(cutEnd(oneLine(`! ${problems.join('; ')}`), columns))];
  const hosts =
    fleet === null
      ? []
      : [
          cutEnd(
            `hosts  ${hostTexts(fleet)
              .map((parts) => parts.join(' '))
              .join('  ')}`,
            columns,
          ),
        ];
  return [first, ...hosts, ...second, ...third];
}

function footerOf(state: WatchState, { columns, colour }: FrameStyle): string[] {
  const paint = palette(colour);
  if (state.asks !== undefined) return [paint.bold(cutEnd(`${state.asks.question} [y/N]`, columns))];
  if (state.said !== '') return [cutEnd(oneLine(state.said, 500), columns)];
  const keys = 'q leave  ? keys  tab part  enter log  d diff  s stop  c cancel  r retry  p pause';
  return [paint.dim(cutEnd(keys, columns))];
}

const TITLES: Readonly<Record<Pane, string>> = { agents: 'AGENTS', queue: 'QUEUE', notes: 'NOTIFICATIONS' };

function bodyOf(overview: Overview, state: WatchState, style: FrameStyle, room: number): string[] {
  const rows: Readonly<Record<Pane, readonly Row[]>> = {
    agents: agentRows(overview).map((row) => agentCells(row, style)),
    queue: taskRows(overview.tasks, style),
    notes: overview.notifications.map((note) => noteCells(note, style)).toReversed(),
  };
  const heights = heightsOf(
    PANES.map((pane) => rows[pane].length),
    { room: room - PANES.length, chosen: PANES.indexOf(state.pane) },
  );
  return PANES.flatMap((pane, index) => {
    const height = heights[index] ?? 0;
    const chosen = chosenIndex(state, keysOf(overview, pane), pane);
    const title = titleOf(pane, { isChosen: state.pane === pane, count: rows[pane].length, height }, style);
    return [
      title,
      ...windowOf(rows[pane], chosen, height).map((row) =>
        lineOf(row, state.pane === pane && rows[pane][chosen]?.key === row.key, style),
      ),
    ];
  });
}

/** How many lines each part gets: what it has, as far as there is room; the one in which a person is has precedence. */
export function heightsOf(
  counts: readonly number[],
  { room, chosen }: { readonly room: number; readonly chosen: number },
): number[] {
  const least = Math.max(0, Math.floor(room / (counts.length + 1)));
  const heights = counts.map((count) => Math.min(Math.max(count, 1), least));
  let left = Math.max(0, room) - heights.reduce((sum, height) => sum + height, 0);
  for (const index of [chosen, ...counts.keys()]) {
    const more = Math.min(left, Math.max(0, (counts[index] ?? 0) - (heights[index] ?? 0)));
    heights[index] = (heights[index] ?? 0) + more;
    left -= more;
  }
  return heights;
}

/** The rows that are in sight, so that the chosen one is among them. */
export function windowOf<T>(rows: readonly T[], chosen: number, height: number): readonly T[] {
  const from = Math.max(0, Math.min(chosen - Math.floor(height / 2), rows.length - height));
  return rows.slice(from, from + height);
}

function titleOf(
  pane: Pane,
  { isChosen, count, height }: { readonly isChosen: boolean; readonly count: number; readonly height: number },
  { columns, colour }: FrameStyle,
): string {
  const paint = palette(colour);
  const more = count > height ? `, ${height} in sight` : '';
  const text = cutEnd(`${isChosen ? '>' : ' '} ${TITLES[pane]} (${count}${more})`, columns);
  return isChosen ? paint.bold(text) : paint.dim(text);
}

function lineOf({ cells }: Row, isChosen: boolean, { columns, colour }: FrameStyle): string {
  const paint = palette(colour);
  let left = columns - 2;
  let line = isChosen ? paint.bold('> ') : '  ';
  for (const { text, width, colour: look, cut } of cells) {
    const wide = Math.min(width, left);
    if (wide <= 1) break;
    const room = wide - (wide === left ? 0 : 1);
    const fit = cut === 'middle' ? cutMiddle(text, room) : cutEnd(text, room);
    const painted = look === undefined ? fit : paint[look](fit);
    line += painted + ' '.repeat(Math.max(0, wide - widthOf(fit)));
    left -= wide;
  }
  return line.trimEnd();
}

function agentCells({ key, session, pm }: AgentRow, style: FrameStyle): Row {
  const looks = { ruled: true, colour: style.colour, now: style.now };
  const wide = style.columns >= 100;
  const refWidth = wide ? 36 : 28;
  if (session === undefined) {
    const text = pm?.activity == null ? '' : activityText(pm.activity, looks);
    const begun = pm?.run.working_at ?? pm?.run.requested_at ?? '';
    return {
      key,
      cells: [
        { text: `(pm-agent) ${pm?.task ?? ''}`, width: refWidth, cut: 'middle' },
        { text: `pm for ${since(begun, looks)}`, width: 24, colour: 'cyan' },
        { text, width: Infinity },
      ],
    };
  }
  const { run, activity } = session;
  const work = activity === null ? workText(session) : activityText(activity, looks);
  return {
    key,
    cells: [
      { text: session.issue_ref, width: refWidth, cut: 'middle' },
      { text: liveText(session, looks), width: 24, colour: stateColour(session) },
      ...(wide ? [{ text: tokensText(run?.verdict, activity), width: 8 }] : []),
      ...(wide ? [{ text: costText(activity ?? run?.verdict), width: 9 }] : []),
      { text: ago(session.last_activity, looks), width: 9 },
      { text: work, width: Infinity },
    ],
  };
}

const COLOURS: Readonly<Record<ListedTask['state'], Style>> = {
  pending: 'yellow',
  notified: 'cyan',
  completed: 'green',
  error: 'red',
};

function taskRows(tasks: readonly ListedTask[], style: FrameStyle): Row[] {
  const looks = { ruled: true, colour: style.colour, now: style.now };
  const ids = shortIds(tasks.map(({ id }) => id));
  return tasks.map((task) => {
    const why = task.failure !== null && task.state === 'error' ? task.failure.class : reasonColumn(task, task.reasons);
    return {
      key: task.id,
      cells: [
        { text: ids.get(task.id) ?? task.id, width: 9 },
        { text: task.state, width: 11, colour: COLOURS[task.state] },
        { text: since(task.created_at, looks), width: 5 },
        { text: task.issue_ref ?? '(pm-agent)', width: style.columns >= 100 ? 30 : 20, cut: 'middle' },
        { text: oneLine(why === '-' ? task.message : why, 200), width: Infinity },
      ],
    };
  });
}

function noteCells({ id, timestamp, type, message, issue_ref: ref, read }: Notification, style: FrameStyle): Row {
  const looks = { ruled: true, colour: style.colour, now: style.now };
  const colour = type === 'task_error' ? 'red' : type === 'task_completed' ? 'green' : undefined;
  return {
    key: id,
    cells: [
      { text: ago(timestamp, looks), width: 9, colour: read ? 'dim' : undefined },
      { text: type, width: 15, colour },
      ...(ref === null ? [] : [{ text: ref, width: style.columns >= 100 ? 30 : 18, cut: 'middle' as const }]),
      { text: oneLine(message, 300), width: Infinity },
    ],
  };
}
