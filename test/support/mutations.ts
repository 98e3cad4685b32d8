import * as fc from 'fast-check';
import { JSON_VALUES } from './corpus.ts';

/** Any JSON value, with those of the corpus among them. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(fc.constantFrom(...JSON_VALUES), fc.jsonValue({ maxDepth: 3 }));

/** What can become of the bytes of a file: cut off, overwritten, grown, of another kind, or not of this world. */
export function mutated(whole: string): fc.Arbitrary<Buffer> {
  const bytes = Buffer.from(whole);
  const at = fc.nat({ max: bytes.length });
  return fc.oneof(
    at.map((end) => bytes.subarray(0, end)),
    fc
      .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([place, noise]) => overwritten(bytes, place, noise)),
    fc.tuple(at, fc.uint8Array({ minLength: 1, maxLength: 64 })).map(([place, noise]) => inserted(bytes, place, noise)),
    fc.uint8Array({ maxLength: 256 }).map((noise) => Buffer.from(noise)),
    anyJson.map((value) => Buffer.from(JSON.stringify(value))),
    fc.constantFrom('[', '{"a":', '1').map((unit) => Buffer.from(unit.repeat(20_000))),
    fc.constantFrom('\uFEFF', '\u0000', ' ').map((prefix) => Buffer.concat([Buffer.from(prefix), bytes])),
  );
}

/** A JSON document in which one value, at any depth, is another one. */
export function withOneValueChanged(whole: string): fc.Arbitrary<Buffer> {
  const paths = pathsOf(JSON.parse(whole));
  return fc
    .tuple(fc.constantFrom(...paths), anyJson)
    .map(([path, value]) => Buffer.from(JSON.stringify(replaced(JSON.parse(whole), path, value))));
}

/** The same for a file with a JSON document on each line: one of them is changed. */
export function withOneValueOfALineChanged(whole: string): fc.Arbitrary<Buffer> {
  const lines = whole.trimEnd().split('\n');
  return fc
    .nat({ max: lines.length - 1 })
    .chain((index) =>
      withOneValueChanged(lines[index] ?? '').map((line) =>
        Buffer.from(`${lines.toSpliced(index, 1, line.toString('utf8')).join('\n')}\n`),
      ),
    );
}

function overwritten(bytes: Buffer, place: number, noise: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, place), noise, bytes.subarray(place + noise.length)]);
}

function inserted(bytes: Buffer, place: number, noise: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, place), noise, bytes.subarray(place)]);
}

function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return by;
  if (Array.isArray(value)) {
    return value.map((inner: unknown, index) => (String(index) === key ? replaced(inner, rest, by) : inner));
  }
  const inner = Object.entries(value).find(([name]) => name === key)?.[1] as unknown;
  return { ...value, [key]: replaced(inner, rest, by) };
}
