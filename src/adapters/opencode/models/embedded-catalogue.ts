import type { FileHandle } from 'node:fs/promises';
import { openToRead } from '../../store/open-to-read.ts';

// An opencode that has fetched no catalogue yet, or may fetch none, uses the one that was built into its program: in 1.18.33 an
// expression of JavaScript, `….sync(()=>({deepinfra:{id:"deepinfra",env:["DEEPINFRA_API_KEY"],…}}))`, behind the place that fetches
// a newer one. Where it does not look like that nothing is found.

const CHUNK = 4 * 1024 * 1024;
const LARGEST_PROGRAM = 512 * 1024 * 1024;
const LARGEST_CATALOGUE = 32 * 1024 * 1024;
const FETCHES = '/api.json`)';
const BEGIN = '.sync(()=>({';
const END = '})),';

/** The catalogue that is built into the program of an opencode, as JSON; undefined when none is found. */
export async function embeddedCatalogue(program: string): Promise<string | undefined> {
  const file = await openToRead(program);
  try {
    if ((await file.stat()).size > LARGEST_PROGRAM) return undefined;
    const fetches = await find(file, FETCHES, 0);
    const begin = fetches === undefined ? undefined : await find(file, BEGIN, fetches);
    const end = begin === undefined ? undefined : await find(file, END, begin);
    if (begin === undefined || end === undefined || end - begin > LARGEST_CATALOGUE) return undefined;
    const start = begin + BEGIN.length - 1;
    const { buffer } = await file.read(Buffer.alloc(end + 1 - start), 0, end + 1 - start, start);
    return literalToJson(buffer.toString('utf8'));
  } finally {
    await file.close();
  }
}

/** Where `text` next stands in a file, in bytes. */
async function find(file: FileHandle, text: string, from: number): Promise<number | undefined> {
  const buffer = Buffer.alloc(CHUNK);
  for (let at = from; ; at += CHUNK - text.length) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
    const found = buffer.subarray(0, bytesRead).indexOf(text);
    if (found !== -1) return at + found;
    if (bytesRead < CHUNK) return undefined;
  }
}

const TOKEN =
  /("(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|`(?:[^`\\$]|\\[^])*`)|(!0|!1|null)|([A-Za-z_$][\w$]*|\d+)(?=:)|(-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)|([{}[\],:])|[^]/gy;

/**
 * The JSON of a literal of JavaScript as a minifier writes it: objects, lists, texts, numbers, `null`, `!0` and `!1`; undefined for one
 * with anything else in it.
 */
export function literalToJson(literal: string): string | undefined {
  let json = '';
  for (const [, text, word, key, number, mark] of literal.matchAll(TOKEN)) {
    const token = text === undefined ? (mark ?? simple(word, key, number)) : textToJson(text);
    if (token === undefined) return undefined;
    json += token;
  }
  return json;
}

function simple(word: string | undefined, key: string | undefined, number: string | undefined): string | undefined {
  if (word !== undefined) return word === '!0' ? 'true' : word === '!1' ? 'false' : word;
  if (key !== undefined) return JSON.stringify(key);
  return number === undefined ? undefined : JSON.stringify(Number(number));
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '0': '\0' };

function textToJson(text: string): string | undefined {
  let strange = false;
  const plain = text
    .slice(1, -1)
    .replaceAll(/\\(?:u\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([^]))/g, (_, long, four, two, one) => {
      const code: unknown = long ?? four ?? two;
      if (typeof code === 'string') return String.fromCodePoint(Number.parseInt(code, 16));
      const letter = String(one);
      if (/[1-9ux\n]/.test(letter)) strange = true;
      return ESCAPES[letter] ?? letter;
    });
  return strange ? undefined : JSON.stringify(plain);
}
