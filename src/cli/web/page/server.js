import { at, say } from './dom.js';

/** Reads from the server. @throws Error with what it said */
export async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  return answerOf(response);
}

async function answerOf(response) {
  const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
  const value = isJson ? await response.json() : { error: (await response.text()).trim() };
  if (response.ok) return value;
  throw new Error([value.error, value.hint].filter((part) => part).join(' – '));
}

/** Has the server do something, and says what came of it. @returns whether it was done */
export async function order(wish, button) {
  if (button) button.disabled = true;
  notice(`${wish.verb} …`, 'idle', { stays: true });
  try {
    const response = await fetch('api/do', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wish),
    });
    const done = await answerOf(response);
    notice(done.said, 'good');
    return done;
  } catch (error) {
    notice(error.message, 'bad');
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}

let noticeTimer;

/** Says something at the bottom of the page for some time; what went wrong for longer, and what `stays` until something else is said. */
export function notice(text, tone, { stays = false } = {}) {
  const place = at('notice');
  place.className = `notice ${tone}`;
  say(place, text);
  clearTimeout(noticeTimer);
  if (!stays) noticeTimer = setTimeout(() => say(place, ''), tone === 'bad' ? 20_000 : 8000);
}

/** Asks before what ends work. @returns whether the answer is yes */
export async function agreed(question, note) {
  const dialog = at('ask');
  say(at('ask-question'), question);
  say(at('ask-note'), note);
  dialog.showModal();
  // Whoever answers in haste leaves it.
  at('ask-no').focus();
  return new Promise((resolve) => {
    const over = new AbortController();
    const answer = (isYes) => () => {
      over.abort();
      dialog.close();
      resolve(isYes);
    };
    const { signal } = over;
    at('ask-yes').addEventListener('click', answer(true), { signal });
    at('ask-no').addEventListener('click', answer(false), { signal });
    dialog.addEventListener('cancel', answer(false), { signal });
  });
}
