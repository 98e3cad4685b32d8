import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { pack, unpack } from '../../../../src/adapters/opencode/packed-session.ts';
import type { SessionSource } from '../../../../src/adapters/opencode/session-files.ts';

const LIMITS = { bytes: 1_000_000, unpackedBytes: 1_000_000 };
const texts = fc.string({ unit: 'binary', maxLength: 40 });
const sessions = fc.record({
  info: fc.record({ id: fc.constant('ses_1'), title: texts }),
  messages: fc.array(
    fc.record({
      info: fc.record({ id: texts, role: texts }),
      parts: fc.array(fc.record({ id: texts, text: texts }), { maxLength: 3 }),
    }),
    { maxLength: 5 },
  ),
});

function whole({ info, messages }: SessionSource): unknown {
  return { info, messages: [...(messages as Iterable<unknown>)] };
}

test('what is unpacked is what was packed, as often as it is read, whatever was said in it', async () => {
  await fc.assert(
    fc.asyncProperty(sessions, async (session) => {
      const packed = await pack(session, LIMITS);
      expect(await pack(session, LIMITS)).toEqual(packed);
      const read = await unpack(packed, LIMITS);
      for (let turn = 0; turn < 2; turn += 1) expect(whole(read())).toEqual(session);
    }),
  );
});

const LONG = { info: { id: 'ses_1' }, messages: [{ info: { id: 'm', text: 'x'.repeat(5000) }, parts: [] }] };

test.each([
  ['compressed', { ...LIMITS, bytes: 40 }],
  ['uncompressed', { ...LIMITS, unpackedBytes: 4000 }],
])('a session that is too large %s is refused, and says what to do', async (what, limits) => {
  await expect(pack(LONG, limits)).rejects.toMatchObject({
    code: 'session_too_large',
    message: `the session is larger than 0 MB ${what}`,
    hint: 'to make a base session that has read less, run: kugetsu init --force',
  });
});

test('bytes that are no packed session, or too many, are damage', async () => {
  const packed = await pack(LONG, LIMITS);
  const damage = { code: 'opencode_unexpected', message: 'the packed session is damaged' };
  await expect(unpack(packed.subarray(0, packed.length - 1), LIMITS)).rejects.toMatchObject(damage);
  await expect(unpack(packed, { unpackedBytes: 4000 })).rejects.toMatchObject(damage);
  await expect(unpack(new TextEncoder().encode('{}'), LIMITS)).rejects.toMatchObject(damage);
  await expect(unpack(gzipSync('{"id": 1}\n'), LIMITS)).rejects.toMatchObject(damage);
  const read = await unpack(gzipSync('{"info":{"id":"ses_1"}}\n{"no":"message"}\n'), LIMITS);
  expect(() => whole(read())).toThrow('the packed session is damaged');
});
