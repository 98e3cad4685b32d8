import { at, badge, h, say, setBadge } from './dom.js';
import { diffView, receiptView, usedText } from './looks.js';
import { addressOf, nameIn } from './lists.js';
import { logView } from './log.js';
import { agreed, get, order } from './server.js';
import { drafts, known, now, subject } from './state.js';
import { age, ago } from './words.js';

/** What can be shown of an agent or a task. */
export const VIEWS = { log: 'Log', diff: 'Diff', receipt: 'Receipt' };

/** The page of an agent or a task: what it is, what can be done, and its log, diff or receipt. */
export function openDetail(name, view) {
  const log = logView();
  const title = h('h2', { class: 'name' });
  const state = badge('idle', '');
  state.setAttribute('role', 'status');
  const doing = h('p', { class: 'doing-now', hidden: true }, h('b', {}, 'Now'), ' ', h('span', {}));
  const facts = h('p', { class: 'quiet facts-line' });
  const buttons = h('div', { class: 'row buttons' });
  const body = h('div', { class: 'body' });
  const tabs = Object.entries(VIEWS).map(([key, text]) =>
    h(
      'a',
      { href: addressOf(name, key), 'aria-current': key === view ? 'page' : null, id: key === view ? 'tab' : null },
      text,
    ),
  );
  const form = composeForm(name);
  const back = h('a', { class: 'back', href: '#/' }, '← Fleet');
  at('detail').replaceChildren(
    h('div', { class: 'head' }, back, h('div', { class: 'row title' }, title, state), facts, buttons),
    h('nav', { class: 'tabs', 'aria-label': 'What is shown of it' }, ...tabs),
    body,
    doing,
    form,
  );
  if (view === 'log') body.replaceChildren(log.element);
  else void load(body, view, name);
  let wishes = '';
  now.detail = {
    log: view === 'log' ? log : null,
    update() {
      const { agent, task } = subject();
      const ref = agent?.ref ?? task?.ref ?? (name.includes('#') ? name : null);
      nameIn(title, ref, name);
      setBadge(state, task?.tone ?? agent?.tone ?? 'idle', stateText(agent, task));
      say(facts, [task?.message, agent?.branch, agent ? usedText(agent) : '', agent?.work].filter(Boolean).join(' · '));
      form.hidden = ref === null;
      // Only an issue has a worktree.
      tabs[1].hidden = ref === null && now.fleet !== null;
      showDoing(doing, agent);
      const wanted = wishesOf(agent, task, name);
      const key = JSON.stringify(wanted);
      if (key !== wishes) buttons.replaceChildren(...wanted.map(wishButton));
      wishes = key;
    },
  };
  now.detail.update();
}

/** What its agent does at this moment: a command is in the log only when it has ended. */
function showDoing(element, agent) {
  const current = agent?.live === true && agent.doing?.since ? agent.doing : null;
  element.hidden = current === null;
  if (current !== null) say(element.lastElementChild, `${current.text} (${age(current.since)})`);
}

function stateText(agent, task) {
  if (task !== undefined)
    return task.state === 'notified' ? 'at work' : `${task.state} ${ago(task.finished ?? task.created)}`;
  return agent === undefined ? 'not listed' : `${agent.state} ${agent.live ? age(agent.since) : ago(agent.since)}`;
}

/** What can be done with it now. */
function wishesOf(agent, task, name) {
  const id = task?.id ?? agent?.task ?? null;
  const own = now.fleet?.tasks.find((each) => each.id === id);
  const open = own !== undefined && (own.state === 'pending' || own.state === 'notified');
  const isLive = agent?.live === true;
  return [
    isLive
      ? {
          label: 'Stop',
          order: { verb: 'stop', what: agent.ref ?? name },
          ask: `Stop the agent of ${name}?`,
          note: agent.ref === null ? 'What it has started goes on.' : 'Its session and its worktree stay as they are.',
        }
      : null,
    open
      ? {
          label: 'Cancel task',
          order: { verb: 'cancel', task: id },
          ask: `Cancel ${id}?`,
          note: 'An agent that has it is stopped, and what it started.',
        }
      : null,
    own !== undefined && !open ? { label: 'Retry task', order: { verb: 'retry', task: id } } : null,
  ].filter((wish) => wish !== null);
}

/** @param {{ label: string, order: object, ask?: string, note?: string }} wish */
function wishButton({ label, order: wish, ask, note }) {
  const button = h('button', { type: 'button', class: ask === undefined ? null : 'danger' }, label);
  button.addEventListener('click', async () => {
    if (ask === undefined || (await agreed(ask, note))) await order(wish, button);
  });
  return button;
}

function composeForm(name) {
  const text = h('textarea', {
    id: 'continue-text',
    rows: '2',
    required: true,
    placeholder: 'What its agent is to do next',
    oninput: () => drafts.set(name, text.value),
  });
  text.value = drafts.get(name) ?? '';
  const button = h('button', { class: 'primary', type: 'submit' }, 'Continue');
  const form = h(
    'form',
    { class: 'compose', id: 'continue', autocomplete: 'off' },
    h('label', { for: 'continue-text' }, 'Continue with another message'),
    text,
    h('div', { class: 'row end' }, h('span', { class: 'hint' }, 'Ctrl + Enter sends'), button),
  );
  onSend(form, text, async () => {
    const { agent, task } = subject();
    const done = await order({ verb: 'continue', ref: agent?.ref ?? task?.ref ?? name, message: text.value }, button);
    if (done === undefined) return;
    text.value = '';
    drafts.delete(name);
  });
  return form;
}

/** Calls `send` when a form is sent, by its button or from its text. */
export function onSend(form, text, send) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (text.value.trim() !== '') void send();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

/** Shows the diff or the receipt of what is chosen. */
async function load(body, view, name) {
  body.replaceChildren(h('p', { class: 'empty', role: 'status' }, 'Looking …'));
  try {
    // A task is asked for by its issue: only that has a worktree.
    await known;
    const { task, agent } = subject();
    const of = view === 'diff' ? (agent?.ref ?? task?.ref ?? name) : name;
    const value = await get(`api/${view}?of=${encodeURIComponent(of)}`);
    body.replaceChildren(view === 'diff' ? diffView(value) : receiptView(value));
  } catch (error) {
    body.replaceChildren(h('p', { class: 'empty bad', role: 'alert' }, error.message));
  }
}
