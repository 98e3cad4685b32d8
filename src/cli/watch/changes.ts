import type { Overview } from '../../domain/overview/overview.ts';
import { oneLine } from '../../util/text.ts';
import { hostTexts } from '../views/hosts.ts';
import { agentRows } from './rows.ts';

/** What has changed between two overviews, one line for each thing; all there is when there was none before. */
export function changesOf(before: Overview | undefined, now: Overview): string[] {
  const line = (what: string, subject: string, state: string): string =>
    [now.at, what, subject, oneLine(state)].join('\t');
  const was = before === undefined ? undefined : statesOf(before);
  const states = [...statesOf(now)].filter(([key, { state }]) => was?.get(key)?.state !== state);
  const gone = [...(was ?? [])].filter(([key]) => !statesOf(now).has(key));
  const known = new Set((before ?? now).notifications.map(({ id }) => id));
  const news = now.notifications.filter(({ id }) => !known.has(id));
  return [
    ...states.map(([, { what, subject, state }]) => line(what, subject, state)),
    ...gone.map(([, { what, subject }]) => line(what, subject, 'gone')),
    ...news.map(({ type, issue_ref: ref, task, message }) =>
      line('notification', ref ?? task ?? '-', `${type}: ${message}`),
    ),
  ];
}

interface State {
  readonly what: string;
  readonly subject: string;
  readonly state: string;
}

function statesOf(overview: Overview): Map<string, State> {
  const { daemon, fleet, holds, tasks } = overview;
  const hosts = hostTexts(fleet).map(([name, text]): [string, State] => [
    `host ${name}`,
    { what: 'host', subject: name, state: text },
  ]);
  const agents = agentRows(overview).map(({ key, session, pm }): [string, State] => {
    const run = session?.run ?? pm?.run;
    const ended = run?.verdict == null ? undefined : `${run.verdict.outcome} (${run.verdict.class})`;
    const state = session?.state === 'destroying' ? 'destroying' : (ended ?? run?.phase ?? 'idle');
    return [`agent ${key}`, { what: 'agent', subject: session?.issue_ref ?? pm?.task ?? key, state }];
  });
  const queue = tasks
    .filter(({ state }) => state !== 'completed' && state !== 'error')
    .map(({ id, state, reasons }): [string, State] => {
      const [reason] = reasons;
      return [
        `task ${id}`,
        { what: 'task', subject: id, state: reason === undefined ? state : `${state}: ${reason.code}` },
      ];
    });
  return new Map([
    ['daemon', { what: 'daemon', subject: '-', state: daemon.running ? 'running' : 'not running' }],
    ['holds', { what: 'queue', subject: '-', state: holds[0]?.text ?? 'goes on' }],
    ...hosts,
    ...agents,
    ...queue,
  ]);
}
