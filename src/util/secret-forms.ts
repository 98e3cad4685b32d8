import { REDACTED } from './secret-shapes.ts';

const SHORTEST_SECRET = 6;
// One line of a secret of several: the short ones are braces and the like.
const SHORTEST_LINE = 12;
const SHORTEST_ENCODED = 7;

/** Every text that gives one of the values away: itself, its long lines, and what JSON, URLs and base64 make of it. */
export function secretForms(values: readonly string[]): string[] {
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
