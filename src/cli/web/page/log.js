import { h, say } from './dom.js';
import { clock, whole } from './words.js';

const MOST_SHOWN = 1500;

/** The log of a run as it grows. It follows its end as long as a person is there. */
export function logView() {
  const lines = h('ol');
  const frame = h('div', { class: 'log', role: 'log', 'aria-label': 'Log of the agent', tabindex: '0' }, lines);
  const status = h('p', { class: 'quiet status', role: 'status' }, 'Waiting for the log …');
  const more = h('button', { type: 'button', class: 'to-end', hidden: true, onclick: () => toEnd() }, 'Go to the end');
  const element = h('div', { class: 'log-frame' }, frame, more, status);
  const isAtEnd = () => frame.scrollHeight - frame.scrollTop - frame.clientHeight < 40;
  const toEnd = () => {
    frame.scrollTop = frame.scrollHeight;
    more.hidden = true;
  };
  frame.addEventListener('scroll', () => {
    if (isAtEnd()) more.hidden = true;
  });
  return {
    element,
    begin() {
      lines.replaceChildren();
      say(status, 'Waiting for the log …');
    },
    add({ lines: added, skipped }) {
      const follows = isAtEnd();
      lines.append(...added.map(lineOf));
      while (lines.childElementCount > MOST_SHOWN) lines.firstElementChild.remove();
      const isCut = skipped > 0 || lines.childElementCount === MOST_SHOWN;
      say(status, isCut ? 'The first lines are left out here; kugetsu logs has them all.' : '');
      if (follows) toEnd();
      else more.hidden = false;
    },
    end(text) {
      say(status, text);
    },
  };
}

const WORDS = {
  said: 'says',
  thinking: 'thinks',
  tool: 'tool',
  told: 'told',
  note: 'note',
  end: 'end',
  error: 'error',
};

function lineOf({ at, kind, text, bad }) {
  return h(
    'li',
    { class: `${kind}${bad ? ' bad' : ''}` },
    h('time', { datetime: at, title: whole(at) }, clock(at)),
    h('span', { class: 'kind' }, bad && kind === 'tool' ? 'failed' : WORDS[kind]),
    h('span', { class: 'text' }, text),
  );
}
