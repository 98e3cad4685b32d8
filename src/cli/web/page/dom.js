// Elements are made here, and text comes into them as text alone: nothing that an agent wrote is ever read as HTML.

/**
 * An element. `given` has its properties by their attributes' names; `on…` are listeners, and false, null and undefined are left
 * out.
 */
export function h(name, given = {}, ...children) {
  return fill(document.createElement(name), given, children);
}

/** An element of SVG. */
export function s(name, given = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), given, children);
}

function fill(element, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** The element with this id, which is there. @returns {any} */
export function at(id) {
  return document.getElementById(id);
}

/** Gives an element another text, if it is another one: what has the focus or is selected stays so. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Shows a list. A row is made once for each key, changed when its item has, and keeps the focus when others come and go.
 */
export function showRows(list, items, { keyOf, make, change }) {
  const known = new Map([...list.children].map((row) => [row.dataset.key, row]));
  /** @type {Element | null} */
  let before = null;
  for (const item of items) {
    const key = keyOf(item);
    const row = known.get(key) ?? make(item);
    known.delete(key);
    row.dataset.key = key;
    change(row, item);
    const place = before === null ? list.firstChild : before.nextSibling;
    if (place !== row) list.insertBefore(row, place);
    before = row;
  }
  for (const row of known.values()) row.remove();
}

/** A state as a word with a colour. */
export function badge(tone, word) {
  return h('span', { class: `badge ${tone}` }, word);
}

/** Changes what {@link badge} has made. */
export function setBadge(element, tone, word) {
  const looks = `badge ${tone}`;
  if (element.className !== looks) element.className = looks;
  say(element, word);
}
