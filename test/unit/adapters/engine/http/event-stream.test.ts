import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventStreamText, type ServerEvent } from '../../../../../src/adapters/engine/http/event-stream.ts';

function readAll(pieces: readonly string[]): ServerEvent[] {
  const text = new EventStreamText();
  return pieces.flatMap((piece) => text.read(piece));
}

test('an event ends with an empty line; its data may have several lines, and only one space in front is dropped', () => {
  expect(readAll(['event: a\nid: 7\ndata: one\ndata:  two\n\ndata\n\n'])).toEqual([
    { event: 'a', id: '7', data: 'one\n two' },
    { event: 'message', id: '7', data: '' },
  ]);
});

test('comments, unknown fields and an event without data are none, and an event that is not whole is none yet', () => {
  expect(readAll([': keep\n\nretry: 3\nevent: x\n\ndata: half\n'])).toEqual([]);
});

test.each(['\n', '\r', '\r\n'])('lines may end with %j', (end) => {
  expect(readAll([`data: 1${end}${end}data: 2${end}${end}.`]).map(({ data }) => data)).toEqual(['1', '2']);
});

test('where the text is cut into pieces changes nothing', () => {
  const line = fc.constantFrom('data: a', 'data:b', 'event: e', 'id: 1', ': c', '', '');
  const end = fc.constantFrom('\n', '\r\n');
  const text = fc.array(fc.tuple(line, end)).map((lines) => lines.flat().join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(200)), (whole, cuts) => {
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((place, index) => whole.slice(places[index], place));
      expect(readAll(pieces)).toEqual(readAll([whole]));
    }),
  );
});
