import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { replayEvents } from '../../../../../src/adapters/opencode/server/replay-events.ts';

const id = fc.string({ minLength: 1 });
const message = fc.record({
  info: fc.record({ id, time: fc.record({ created: fc.nat() }) }),
  parts: fc.array(fc.record({ id })),
});
const project = { id: 'p', worktree: '/repository' };

test('there is an event for the session, for each message and for each part, numbered in their order', () => {
  fc.assert(
    fc.property(id, fc.array(message), (session, messages) => {
      const events = replayEvents({ info: { id: session }, messages }, { directory: '/repository/in', project });
      const rows = messages.flatMap(({ info, parts }) => [info.id, ...parts.map((part) => part.id)]);
      expect(events.map(({ seq }) => seq)).toEqual([session, ...rows].map((_, index) => index));
      expect(events.every(({ aggregateID, id: own }) => aggregateID === session && own.startsWith('evt_'))).toBe(true);
      expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
      expect(events.slice(1).map(({ type }) => type)).toEqual(
        messages.flatMap(({ parts }) => ['message.updated.1', ...parts.map(() => 'message.part.updated.1')]),
      );
    }),
  );
});

test('the session belongs to the directory, and to the project that opencode takes that for', () => {
  const info = { id: 'ses_1', projectID: 'global', directory: '/', title: 'A title', permission: [] };
  const [event] = replayEvents({ info, messages: [] }, { directory: '/repository/in', project });
  expect(event).toMatchObject({
    type: 'session.created.1',
    data: { sessionID: 'ses_1', info: { ...info, projectID: 'p', directory: '/repository/in', path: 'in' } },
  });
});
