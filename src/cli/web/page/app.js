import { at, badge, h, say, setBadge, showRows } from './dom.js';
import { onSend, openDetail, VIEWS } from './detail.js';
import { figuresView } from './figures.js';
import { addressOf, showLists } from './lists.js';
import { get, notice, order } from './server.js';
import { now, setFleet, subject } from './state.js';
import { count, dollars, plural } from './words.js';

function showFleet(fleet) {
  setFleet(fleet);
  showFacts(fleet);
  showBanners(fleet);
  showLists(fleet, now.name);
  if (now.detail !== null) now.detail.update();
  followSubject();
}

function showFacts({ slots, tasks, today, daemon, paused, hosts }) {
  const waiting = tasks.filter(({ state }) => state === 'pending').length;
  const used = [`${count(today.tokens)} tokens`, dollars(today.cost)].filter((part) => part !== '').join(', ');
  const facts = [
    { key: 'slots', tone: slots.taken > 0 ? 'live' : 'idle', text: `${slots.taken} of ${slots.limit} agents` },
    { key: 'pm', tone: slots.pm_running > 0 ? 'live' : 'idle', text: plural(slots.pm_running, 'PM agent') },
    { key: 'waiting', tone: waiting > 0 ? 'waits' : 'idle', text: `${waiting} waiting` },
    { key: 'today', tone: 'idle', text: `${used} today` },
    { key: 'daemon', tone: daemon ? 'good' : 'bad', text: daemon ? 'daemon on' : 'no daemon' },
    ...hosts.map(({ name, tone, text }) => ({ key: `host ${name}`, tone, text: `host ${text}` })),
    ...(paused ? [{ key: 'paused', tone: 'waits', text: 'paused' }] : []),
  ];
  showRows(at('facts'), facts, {
    keyOf: ({ key }) => key,
    make: () => h('li', {}, badge('idle', '')),
    change: (row, { tone, text }) => setBadge(row.firstChild, tone, text),
  });
}

function showBanners({ holds, problems }) {
  const banners = [
    ...holds.map(({ text, command }) => ({ text: `${text}. Run: ${command}`, tone: 'waits' })),
    ...problems.map((text) => ({ text, tone: 'bad' })),
  ];
  at('banners').hidden = banners.length === 0;
  showRows(at('banners'), banners, {
    keyOf: ({ text }) => text,
    make: ({ tone }) => h('p', { class: `banner ${tone}` }),
    change: (row, { text }) => say(row, text),
  });
}

async function openFigures() {
  const place = at('figures');
  place.replaceChildren(h('p', { class: 'empty', role: 'status' }, 'Looking …'));
  try {
    place.replaceChildren(...figuresView(await get('api/figures')));
  } catch (error) {
    place.replaceChildren(h('p', { class: 'empty bad', role: 'alert' }, error.message));
  }
}

/** The run whose log is to be followed, or null. */
function wantedLog() {
  if (now.detail?.log == null) return null;
  const { agent, task } = subject();
  return agent?.run ?? task?.run ?? (task === undefined ? now.name : null);
}

/** Follows the log of what is chosen, from its next run on, too. */
function followSubject() {
  const wanted = wantedLog();
  if (wanted === now.followed) return;
  now.followed = wanted;
  if (wanted === null && now.detail?.log != null) now.detail.log.end('No agent has had it yet.');
  connect();
}

function disconnect() {
  now.source?.close();
  now.source = null;
}

function connect() {
  disconnect();
  const query = now.followed == null ? '' : `?log=${encodeURIComponent(now.followed)}`;
  const source = new EventSource(`api/live${query}`);
  now.source = source;
  source.addEventListener('open', () => {
    now.retry = 1000;
    if (document.body.classList.contains('offline')) notice('Connected again.', 'good');
    document.body.classList.remove('offline');
    if (now.followed !== null) now.detail?.log?.begin();
  });
  source.addEventListener('fleet', ({ data }) => {
    const fleet = JSON.parse(data);
    if (fleet.trouble === undefined) showFleet(fleet);
    else notice(fleet.trouble, 'bad');
  });
  source.addEventListener('log', ({ data }) => now.detail?.log?.add(JSON.parse(data)));
  source.addEventListener('log-end', () => now.detail?.log?.end('The run has ended.'));
  source.addEventListener('log-failed', ({ data }) => now.detail?.log?.end(JSON.parse(data).error));
  source.addEventListener('error', () => lost(source));
}

/** A server that ends is tried again, less and less often; one that knows this browser no more says so. */
function lost(source) {
  source.close();
  if (now.source !== source) return;
  document.body.classList.add('offline');
  notice('Not connected to kugetsu web; trying again …', 'bad', { stays: true });
  setTimeout(() => {
    if (now.source === source && !document.hidden) connect();
  }, now.retry);
  now.retry = Math.min(now.retry * 2, 30_000);
  fetch('./', { method: 'HEAD' }).then(
    ({ status }) =>
      status === 401 &&
      notice('Open the address that kugetsu web printed last: its token has changed.', 'bad', { stays: true }),
    () => undefined,
  );
}

/** Shows what the address says. */
function route() {
  const [, page = '', name = '', view = 'log'] = location.hash.split('/');
  const isFigures = page === 'figures';
  const isDetail = page === 'on' && name !== '';
  const before = now.name;
  now.name = isDetail ? decoded(name) : null;
  now.view = Object.hasOwn(VIEWS, view) ? view : 'log';
  now.detail = null;
  at('figures').hidden = !isFigures;
  at('fleet').hidden = isFigures;
  at('fleet').classList.toggle('with-detail', isDetail);
  at('detail').hidden = !isDetail;
  markPage('nav-fleet', !isFigures);
  markPage('nav-figures', isFigures);
  document.title = isDetail ? `${now.name} – kugetsu` : isFigures ? 'Figures – kugetsu' : 'kugetsu';
  if (isFigures) void openFigures();
  if (isDetail) {
    openDetail(now.name, now.view);
    // Who goes from one view of it to the next is among their names.
    const place = before === now.name ? at('tab') : at('detail');
    place.focus({ preventScroll: true });
    // Where it takes the place of the lists.
    if (at('lists').offsetParent === null) scrollTo(0, 0);
  }
  if (now.fleet !== null) showLists(now.fleet, now.name);
  now.followed = undefined;
  followSubject();
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function markPage(id, isCurrent) {
  if (isCurrent) at(id).setAttribute('aria-current', 'page');
  else at(id).removeAttribute('aria-current');
}

const delegateText = at('delegate-text');
onSend(at('delegate'), delegateText, async () => {
  const button = at('delegate').querySelector('button');
  const done = await order({ verb: 'delegate', message: delegateText.value }, button);
  if (done === undefined) return;
  delegateText.value = '';
  location.hash = addressOf(done.task);
});
at('pause').addEventListener('click', () => order({ verb: now.fleet?.paused ? 'resume' : 'pause' }, at('pause')));
at('read').addEventListener('click', () => order({ verb: 'read' }, at('read')));
at('skip').addEventListener('click', (event) => {
  // The address says what is shown.
  event.preventDefault();
  at('main-content').focus();
});
window.addEventListener('hashchange', route);
document.addEventListener('visibilitychange', () => {
  // A page that nobody sees costs nothing.
  if (document.hidden) disconnect();
  else connect();
});
setInterval(() => {
  if (now.fleet !== null && !document.hidden) showLists(now.fleet, now.name);
}, 1000);
route();
