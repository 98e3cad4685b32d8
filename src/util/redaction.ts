import { jsonStrings, type KeepsString } from './json-strings.ts';
import { REDACTED, redactShapes } from './secret-shapes.ts';
import { plainText } from './text.ts';

/** Takes secrets out of what is written or shown: those that were named, and whatever has the form of one. */
export interface Redactor {
  /** Any text; what is no secret stays as it is. */
  readonly text: (text: string) => string;
  /** One JSON value as text: the same value with clean strings and keys but for those that `keeps`, the rest byte for byte. */
  readonly json: (json: string, keeps?: KeepsString) => string;
  /** As {@link Redactor.json}, but leaves alone what only has the form of a secret. */
  readonly known: (json: string, keeps?: KeepsString) => string;
  /** One line of a log: an object of JSON, or any text. */
  readonly line: (line: string, keeps?: KeepsString) => string;
}

// Control characters between the letters of a secret would hide it here, and not on a terminal.
// oxlint-disable-next-line no-control-regex
const HIDING = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/;

/**
 * A redactor for these secret values, which it also finds inside other text as JSON, URLs and base64 have them. Values
 * under 6 characters are no secrets, or every `1` and `true` would be one.
 */
export function createRedactor(values: readonly string[]): Redactor {
  const forms = secretForms(values);
  const redact = (text: string): string => redactShapes(redactForms(text, forms));
  const text = (given: string): string => {
    const redacted = redact(given);
    if (!HIDING.test(redacted)) return redacted;
    const plain = plainText(redacted);
    const hidden = redact(plain);
    return hidden === plain ? redacted : hidden;
  };
  const json: Redactor['json'] = (given, keeps) => jsonStrings(given, text, keeps);
  const known: Redactor['known'] = (given, keeps) => jsonStrings(given, (each) => redactForms(each, forms), keeps);
  return { text, json, known, line: (line, keeps) => (isJsonObject(line) ? json(line, keeps) : text(line)) };
}

/**
 * The lines of one stream of text, one after the other: a private key may come line by line, and no line but the first
 * tells what it is.
 */
export function lineRedactor({ text }: Redactor): (line: string) => string {
  let inKey = false;
  return (line) => {
    const wasInKey = inKey;
    const begins = line.lastIndexOf('-----BEGIN ');
    const isKey = begins !== -1 && line.includes('PRIVATE KEY', begins);
    inKey = isKey ? !line.includes('-----END ', begins) : inKey && IN_KEY.test(line);
    return wasInKey && !isKey && (inKey || line.includes('-----END ')) ? REDACTED : text(line);
  };
}

// base64, the headers of old formats, and empty lines.
const IN_KEY = /^\s*(?:[A-Za-z0-9+/=]*|[A-Z][A-Za-z-]*: [^:]*)\s*$/;

/** A redactor that knows no value, only forms. */
export const SHAPES_ONLY: Redactor = createRedactor([]);

function isJsonObject(line: string): boolean {
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Every place that one of the forms covers, overlapping ones together, is one mark. */
function redactForms(text: string, forms: readonly string[]): string {
  const found = forms.flatMap((form) => placesOf(text, form)).toSorted((a, b) => a.start - b.start);
  let result = '';
  let position = 0;
  for (const { start, end } of found) {
    if (start > position || (start === 0 && position === 0)) result += text.slice(position, start) + REDACTED;
    position = Math.max(position, end);
  }
  return result + text.slice(position);
}

interface Place {
  readonly start: number;
  end: number;
}

function placesOf(text: string, form: string): Place[] {
  const places: Place[] = [];
  for (let start = text.indexOf(form); start !== -1; start = text.indexOf(form, start + 1)) {
    const last = places.at(-1);
    if (last !== undefined && start <= last.end) last.end = start + form.length;
    else places.push({ start, end: start + form.length });
  }
  return places;
}

const SHORTEST_SECRET = 6;
// One line of a secret of several: the short ones are braces and the like.
const SHORTEST_LINE = 12;
const SHORTEST_ENCODED = 7;

/** Every text that gives one of the values away: itself, its long lines, and what JSON, URLs and base64 make of it. */
function secretForms(values: readonly string[]): string[] {
  const secrets = values.flatMap(secretsIn);
  const forms = secrets.flatMap((secret) => [secret, inJson(secret), ...inUrl(secret), ...inBase64(secret)]);
  // What is in the mark itself cannot be hidden by it.
  return [...new Set(forms)].filter((form) => !REDACTED.includes(form));
}

function secretsIn(value: string): string[] {
  const whole = value.trim();
  if (whole.length < SHORTEST_SECRET) return [];
  const lines = whole.split(/[\r\n]+/).map((line) => line.trim());
  const long = lines.filter((line) => line.length >= SHORTEST_LINE && !/^-----(?:BEGIN|END) /.test(line));
  return lines.length === 1 ? [whole] : [whole, ...long];
}

function inJson(secret: string): string {
  return JSON.stringify(secret).slice(1, -1);
}

function inUrl(secret: string): string[] {
  const encoded = encodeURIComponent(secret.replaceAll(/\p{Surrogate}/gu, '\uFFFD'));
  return [encoded, encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
}

/**
 * base64 of a text with the secret anywhere in it: the secret begins at one of three places in a group, and the letters
 * at its edges depend on its neighbours, too.
 */
function inBase64(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = base64(new Uint8Array([...new Uint8Array(shift), ...bytes]));
    const certain = Math.floor(((shift + bytes.length) * 8) / 6);
    return encoded.slice(Math.ceil((shift * 8) / 6), certain);
  });
  const forms = [base64(bytes), ...shifted].filter((form) => form.length >= SHORTEST_ENCODED);
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
