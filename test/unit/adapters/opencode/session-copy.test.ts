import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copySession, newSessionId, type SessionExport } from '../../../../src/adapters/opencode/session-copy.ts';

const NOW = Date.UTC(2026, 2, 29);
const SOURCE_ID = 'ses_0123456789abABCDEFGHIJKLMN';
const PERMISSION = [{ permission: 'question', pattern: '*', action: 'deny' }] as const;
const OPTIONS = { id: newSessionId(NOW), title: 'copy', permission: PERMISSION, now: NOW };

const letters = fc.stringMatching(/^[0-9A-Za-z]{14}$/);
const shape = fc.array(
  fc.record({
    letters,
    extra: fc.jsonValue(),
    parts: fc.array(fc.record({ letters, extra: fc.jsonValue() }), { maxLength: 4 }),
  }),
  { maxLength: 6 },
);

/** An export whose rows have ids in order; every message answers the one before it, every part points at all it can. */
const exported: fc.Arbitrary<SessionExport> = shape.map((messages) => {
  let time = 0x0123_4567_0000;
  const id = (prefix: string, random: string): string =>
    `${prefix}_${(time += 7).toString(16).padStart(12, '0')}${random}`;
  let parentID = 'msg_unknown';
  const rows = messages.map(({ letters: random, extra, parts }) => {
    const messageID = id('msg', random);
    const info = { id: messageID, sessionID: SOURCE_ID, parentID, role: 'user', extra: { own: extra } };
    parentID = messageID;
    return {
      info,
      future: extra,
      parts: parts.map((part) => ({
        id: id('prt', part.letters),
        sessionID: SOURCE_ID,
        messageID,
        text: messageID,
        nested: { tail_start_id: messageID, list: [{ messageID, extra: part.extra }] },
      })),
    };
  });
  const info = { id: SOURCE_ID, title: 'base', directory: '/base', parentID: 'ses_parent', future: 1, permission: [] };
  return { info, messages: rows, version: 7 };
});

const idsOf = ({ messages }: SessionExport): string[] =>
  messages.flatMap(({ info, parts }) => [info.id, ...parts.map(({ id }) => id)]);

describe('a copy', () => {
  test('has a new id for every row, in the same order', () => {
    fc.assert(
      fc.property(exported, (source) => {
        const [old, fresh] = [idsOf(source), idsOf(copySession(source, OPTIONS))];
        expect(fresh.map((id) => id.slice(0, 16))).toEqual(old.map((id) => id.slice(0, 16)));
        expect(fresh.every((id) => /^(?:msg|prt)_[0-9a-f]{12}[0-9A-Za-z]{14}$/.test(id))).toBe(true);
        expect(new Set([...old, ...fresh]).size).toBe(old.length * 2);
      }),
    );
  });

  test('has every reference to a row of the source follow to the copy of that row, and everything else as it was', () => {
    fc.assert(
      fc.property(exported, (source) => {
        const copy = copySession(source, OPTIONS);
        const fresh = new Map([[SOURCE_ID, OPTIONS.id]]);
        for (const [index, id] of idsOf(source).entries()) fresh.set(id, idsOf(copy)[index] ?? '');
        const follow = (id: unknown): string => fresh.get(String(id)) ?? String(id);
        const expected = source.messages.map(({ info, parts, ...rest }) => ({
          ...rest,
          info: { ...info, id: follow(info.id), sessionID: OPTIONS.id, parentID: follow(info['parentID']) },
          parts: parts.map((part) => ({
            ...part,
            id: follow(part.id),
            sessionID: OPTIONS.id,
            messageID: follow(info.id),
            nested: {
              tail_start_id: follow(info.id),
              list: [{ ...(part['nested'] as { list: object[] }).list[0], messageID: follow(info.id) }],
            },
          })),
        }));
        expect(copy.messages).toEqual(expected);
      }),
    );
  });

  test('leaves a text alone that has an id in it', () => {
    const row = { id: 'msg_000000000001abcdefghijklmn' };
    const part = { id: 'prt_000000000002abcdefghijklmn', text: row.id, list: [row.id] };
    const { messages } = copySession({ info: { id: SOURCE_ID }, messages: [{ info: row, parts: [part] }] }, OPTIONS);
    expect(messages[0]?.parts[0]).toMatchObject({ text: row.id, list: [row.id] });
  });

  const SUBAGENT = 'ses_0123456789acCHILDCHILDCHIL';
  const turn = (number: number, ...parts: readonly object[]): SessionExport['messages'][number] => ({
    info: { id: `msg_00000000000${number}abcdefghijklmn` },
    parts: parts.map((part, index) => ({ ...part, id: `prt_0000000000${number}${index}abcdefghijklmn` })),
  });
  const three = [1, 2, 3].map((number) => turn(number, { text: `${number} a` }, { text: `${number} b` }));
  const textsOf = ({ messages }: SessionExport): unknown[] =>
    messages.map(({ parts }) => parts.map((part) => part['text']));

  test.each([
    ['from a message on', { messageID: three[1]?.info.id }, [['1 a', '1 b']]],
    ['from a part on', { messageID: three[1]?.info.id, partID: three[1]?.parts[1]?.id }, [['1 a', '1 b'], ['2 a']]],
    [
      'from a part on that is not there',
      { messageID: three[1]?.info.id, partID: 'prt_other' },
      [
        ['1 a', '1 b'],
        ['2 a', '2 b'],
      ],
    ],
    [
      'at a message that is not there',
      { messageID: 'msg_other' },
      three.map(({ parts }) => parts.map((p) => p['text'])),
    ],
  ])('has nothing of what was undone %s', (_where, revert, left) => {
    const copy = copySession({ info: { id: SOURCE_ID, revert }, messages: three }, OPTIONS);
    expect(textsOf(copy)).toEqual(left);
    expect(copy.info).not.toHaveProperty('revert');
  });

  test('names no subagent of its source, wherever its session stands, and itself as the parent', () => {
    const metadata = { sessionId: SUBAGENT, parentSessionId: SOURCE_ID };
    const state = { output: `<task id="${SUBAGENT}" state="completed">`, input: { task_id: SUBAGENT }, metadata };
    const messages = [turn(1, { type: 'tool', tool: 'task', state }), turn(2, { text: `It was ${SUBAGENT}.` })];
    const copy = copySession({ info: { id: SOURCE_ID }, messages }, OPTIONS);
    expect(JSON.stringify(copy)).not.toContain(SUBAGENT);
    const fresh = (copy.messages[0]?.parts[0]?.['state'] as typeof state | undefined)?.metadata;
    expect(fresh?.parentSessionId).toBe(OPTIONS.id);
    expect(fresh?.sessionId).toMatch(/^ses_0123456789ac[0-9A-Za-z]{14}$/);
    expect(copy.messages[1]?.parts[0]?.['text']).toBe(`It was ${fresh?.sessionId}.`);
  });

  test('is a session of its own that keeps what is not known', () => {
    const info = { id: SOURCE_ID, parentID: 'ses_p', share: { url: 'x' }, revert: {}, title: 'base', future: [1] };
    expect(copySession({ info, messages: [], version: 7 }, OPTIONS)).toEqual({
      info: {
        id: OPTIONS.id,
        title: 'copy',
        permission: PERMISSION,
        future: [1],
        slug: expect.any(String),
        time: { created: NOW, updated: NOW },
      },
      messages: [],
      version: 7,
    });
  });

  test('does not change its source, and is not the same twice', () => {
    fc.assert(
      fc.property(
        exported.filter(({ messages }) => messages.length > 0),
        (source) => {
          const before = JSON.stringify(source);
          const [first, second] = [copySession(source, OPTIONS), copySession(source, OPTIONS)];
          expect(JSON.stringify(source)).toBe(before);
          expect(idsOf(first).filter((id) => idsOf(second).includes(id))).toEqual([]);
        },
      ),
    );
  });

  test('gives rows with ids of another form new ids as well', () => {
    const source = { info: { id: 'old' }, messages: [{ info: { id: 'm1' }, parts: [{ id: 'p1', messageID: 'm1' }] }] };
    const [message] = copySession(source, OPTIONS).messages;
    expect(message?.info.id).toMatch(/^m1.+/);
    expect(message?.parts[0]).toMatchObject({ id: expect.stringMatching(/^p1.+/), messageID: message?.info.id });
  });
});
