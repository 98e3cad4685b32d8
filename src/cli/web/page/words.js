// Times and numbers as a person reads them.

/** @type {[unit: string, seconds: number][]} */
const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
];

/** How long something has lasted: `12m`. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  }
  return `${seconds}s`;
}

/** Since when, as `12m`; nothing for what is no time. */
export function age(time) {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? '' : span(Date.now() - at);
}

/** `3m ago`. */
export function ago(time) {
  const text = age(time);
  return text === '' ? '' : `${text} ago`;
}

/** Tokens: `950`, `12.3k`, `4.5M`. */
export function count(number) {
  if (number < 1000) return String(number);
  const [value, unit] = number < 999_950 ? [number / 1000, 'k'] : [number / 1_000_000, 'M'];
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

/** Dollars: `$0.0123`, `$4.20`; nothing for none. */
export function dollars(cost) {
  if (cost === 0) return '';
  return `$${cost.toFixed(cost < 1 ? 4 : 2)}`;
}

/** `1 run`, `2 runs`. */
export function plural(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The time of day. */
export function clock(time) {
  const at = new Date(time ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? '' : at.toLocaleTimeString([], { hour12: false });
}

/** The whole time, for a title. */
export function whole(time) {
  const at = new Date(time ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? '' : at.toLocaleString();
}

/** A ref in two parts: the repository without its host, and the issue. */
export function refParts(ref) {
  const hash = ref.lastIndexOf('#');
  const path = ref.slice(0, hash);
  return { repository: path.slice(path.indexOf('/') + 1), issue: ref.slice(hash) };
}
