import { at, badge, h, say, setBadge, showRows } from './dom.js';
import { age, ago, count, dollars, refParts, whole } from './words.js';

/** The address of an agent or a task in this page. */
export function addressOf(name, view = 'log') {
  return `#/on/${encodeURIComponent(name)}/${view}`;
}

/** Shows agents, tasks and notifications. @param chosen the name of what is shown in detail */
export function showLists(fleet, chosen) {
  const { agents, tasks, notes } = fleet;
  showRows(at('agents'), agents, {
    keyOf: ({ name, run }) => `${name} ${run ?? ''}`,
    make: agentRow,
    change: (row, agent) => changeAgent(row, agent, chosen),
  });
  showRows(at('tasks'), tasks, {
    keyOf: ({ id }) => id,
    make: entryRow,
    change: (row, task) => changeTask(row, task, chosen),
  });
  showRows(at('notes'), notes, { keyOf: ({ id }) => id, make: entryRow, change: changeNote });
  const live = agents.filter(({ live: isLive }) => isLive).length;
  const waiting = tasks.filter(({ state }) => state === 'pending').length;
  const unread = notes.filter(({ read }) => !read).length;
  say(at('agents-count'), live === 0 ? '' : `${live} at work`);
  say(at('tasks-count'), waiting === 0 ? '' : `${waiting} waiting`);
  say(at('notes-count'), unread === 0 ? '' : `${unread} new`);
  at('agents-empty').hidden = agents.length > 0;
  at('tasks-empty').hidden = tasks.length > 0;
  at('notes-empty').hidden = notes.length > 0;
  at('read').hidden = unread === 0;
  say(at('pause'), fleet.paused ? 'Resume' : 'Pause');
}

function agentRow() {
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'entry' },
      h('span', { class: 'line' }, h('span', { class: 'name' }), badge('idle', '')),
      h('span', { class: 'line quiet doing' }, h('span', { class: 'what' }), h('span', { class: 'number' })),
    ),
  );
}

function changeAgent(row, agent, chosen) {
  const link = row.firstChild;
  const { name, ref, state, tone, live, since, doing, work } = agent;
  link.setAttribute('href', addressOf(name));
  mark(link, name === chosen);
  nameIn(link.querySelector('.name'), ref, name);
  setBadge(link.querySelector('.badge'), tone, live ? `${state} ${age(since)}` : `${state}`);
  const what = link.querySelector('.what');
  const text = doing === null ? (work ?? (live ? 'has not done anything yet' : '')) : doing.text;
  const length = doing?.since === null || doing === null ? '' : ` (${age(doing.since)})`;
  say(what, `${text}${length}`);
  what.classList.toggle('bad', doing?.bad === true);
  const used = [agent.tokens === 0 ? '' : `${count(agent.tokens)} tok`, dollars(agent.cost), live ? '' : ago(since)];
  say(link.querySelector('.number'), used.filter((each) => each !== '').join(' · '));
}

/** The repository in grey and the issue in black; of what is no issue the name. */
export function nameIn(element, ref, name) {
  const { repository, issue } = ref === null ? { repository: 'PM agent', issue: name.slice(-8) } : refParts(ref);
  if (element.childElementCount === 0) element.append(h('span', { class: 'repository' }), ' ', h('b', {}));
  say(element.firstElementChild, repository);
  say(element.lastElementChild, issue);
  element.setAttribute('title', name);
}

/** The row of a task, or of a notification. */
function entryRow() {
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'entry' },
      h('span', { class: 'line' }, h('span', { class: 'what strong' }), badge('idle', '')),
      h('span', { class: 'line quiet' }, h('span', { class: 'what why' }), h('span', { class: 'number' })),
    ),
  );
}

const TASK_WORDS = { pending: 'waiting', notified: 'at work', completed: 'completed', error: 'error' };

function changeTask(row, task, chosen) {
  const link = row.firstChild;
  const { id, short, ref, state, tone, message, why, created, finished } = task;
  link.setAttribute('href', addressOf(id));
  mark(link, id === chosen);
  say(link.querySelector('.strong'), message);
  setBadge(link.querySelector('.badge'), tone, TASK_WORDS[state] ?? state);
  const to = ref === null ? 'PM agent' : Object.values(refParts(ref)).join(' ');
  say(link.querySelector('.why'), why === null ? to : `${to}: ${why}`);
  say(link.querySelector('.number'), `${short} · ${ago(finished ?? created)}`);
}

function mark(link, isChosen) {
  if (isChosen) link.setAttribute('aria-current', 'true');
  else link.removeAttribute('aria-current');
}

const NOTE_TONES = { task_error: 'bad', task_completed: 'good', task_started: 'live', daemon_error: 'bad' };

function changeNote(row, note) {
  const link = row.firstChild;
  const name = note.task ?? note.ref;
  if (name === null) link.removeAttribute('href');
  else link.setAttribute('href', addressOf(name));
  row.classList.toggle('new', !note.read);
  say(link.querySelector('.strong'), note.message);
  setBadge(link.querySelector('.badge'), NOTE_TONES[note.type] ?? 'idle', note.type.replaceAll('_', ' '));
  say(link.querySelector('.why'), note.ref ?? (note.task === null ? 'kugetsu' : `task ${note.task.slice(-8)}`));
  const number = link.querySelector('.number');
  say(number, ago(note.at));
  number.setAttribute('title', whole(note.at));
}
