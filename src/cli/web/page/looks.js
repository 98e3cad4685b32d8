import { h } from './dom.js';
import { addressOf } from './lists.js';
import { count, dollars, plural, span, whole } from './words.js';

/** The patch of an issue, with its commits before it. */
export function diffView({ commits, text, cut }) {
  if (commits.length === 0 && text === '') {
    return h('p', { class: 'empty' }, 'No commits, and nothing is changed in the worktree.');
  }
  const files = text.split(/^(?=diff --git )/m).filter((part) => part.trim() !== '');
  return h(
    'div',
    { class: 'diff' },
    commits.length === 0 ? null : commitList(commits),
    files.length === 0 ? null : h('p', { class: 'quiet' }, plural(files.length, 'file'), ' changed'),
    ...files.map(fileView),
    cut ? h('p', { class: 'quiet' }, 'The rest is left out here; kugetsu diff has it all.') : null,
  );
}

function commitList(commits) {
  return h(
    'ul',
    { class: 'commits', 'aria-label': 'Commits' },
    ...commits.map(({ hash, subject }) => h('li', {}, h('code', {}, hash), ' ', subject)),
  );
}

const MOST_OPEN = 400;

function fileView(patch) {
  const lines = patch.replace(/\n$/, '').split('\n');
  const start = lines.findIndex((line) => line.startsWith('@@'));
  const head = start === -1 ? lines : lines.slice(0, start);
  const body = start === -1 ? [] : lines.slice(start);
  const added = body.filter((line) => line.startsWith('+')).length;
  const removed = body.filter((line) => line.startsWith('-')).length;
  return h(
    'details',
    { open: body.length <= MOST_OPEN },
    h(
      'summary',
      {},
      h('span', { class: 'path' }, pathOf(head)),
      h('span', { class: 'number' }, h('ins', {}, `+${added}`), ' ', h('del', {}, `−${removed}`)),
    ),
    h(
      'pre',
      { tabindex: '0', 'aria-label': `Changes of ${pathOf(head)}` },
      ...(body.length === 0 ? head.slice(1) : body).map((line) => h('span', { class: lookOf(line) }, `${line}\n`)),
    ),
  );
}

function pathOf(head) {
  const named = head.find((line) => line.startsWith('+++ b/')) ?? head.find((line) => line.startsWith('--- a/'));
  return named === undefined ? head[0].replace(/^diff --git a\/.* b\//, '') : named.slice(6).replace(/\t$/, '');
}

function lookOf(line) {
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : 'same';
}

/** What a run was for, what came of it, and what there is to show. */
export function receiptView(receipt) {
  const { outcome, result, message, reply, commits, changes, children, ways_back: ways } = receipt;
  const facts = [
    ['Result', h('span', { class: outcome === 'failed' ? 'bad' : '' }, result)],
    ['Asked', whole(receipt.requested_at)],
    ['Took', tookText(receipt)],
    ['Used', [plural(receipt.steps, 'step'), dollars(receipt.cost)].filter((part) => part !== '').join(', ')],
    ['Run', `${receipt.run} (${receipt.kind})`],
    ['Task', receipt.task],
    ['Session', receipt.session],
    ['Base session', receipt.base_session],
    ['Inherited', receipt.inherited_tokens === null ? null : plural(receipt.inherited_tokens, 'token')],
    ['opencode', receipt.opencode],
    ['Branch', receipt.branch],
    ['Worktree', receipt.worktree],
    ['Log', receipt.log],
    ...children.map((child) => ['Started', childLink(child)]),
    ...ways.map((way) => ['Saved', way]),
  ].filter(([, value]) => value !== null && value !== '');
  return h(
    'div',
    { class: 'receipt' },
    h('dl', {}, ...facts.flatMap(([title, value]) => [h('dt', {}, title), h('dd', {}, value)])),
    block('Message', message),
    commits.length === 0 ? null : h('section', {}, h('h3', {}, 'Commits'), commitList(commits)),
    block('Files', changes, 'pre'),
    block('Reply', reply),
  );
}

function childLink({ issue_ref: ref, id, outcome }) {
  const name = ref ?? id;
  return h('span', {}, h('a', { class: 'link', href: addressOf(name) }, name), `: ${outcome ?? 'at work'}`);
}

function tookText({ requested_at: began, ended_at: ended }) {
  return ended === null ? null : span(Date.parse(ended) - Date.parse(began));
}

function block(title, text, name = 'p') {
  if (text === null || text.trim() === '') return null;
  return h('section', {}, h('h3', {}, title), h(name, { class: 'quoted' }, text.trimEnd()));
}

/** Tokens and dollars in a few words. */
export function usedText({ tokens, cost }) {
  return [tokens === 0 ? '' : `${count(tokens)} tokens`, dollars(cost)].filter((part) => part !== '').join(', ');
}
