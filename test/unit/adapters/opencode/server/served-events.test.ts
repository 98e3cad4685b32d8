import { describe, expect, test } from 'vitest';
import { ServedEvents } from '../../../../../src/adapters/opencode/server/served-events.ts';
import type { Part } from '../../../../../src/adapters/opencode/server/server-api.ts';
import type { Utterance } from '../../../../../src/adapters/engine/agent-event.ts';

const SESSION = 'ses_own';

function part(type: string, more: Partial<Part> = {}): Part {
  return { id: `prt_${type}`, type, sessionID: SESSION, messageID: 'msg_1', ...more };
}

function event(type: string, properties: unknown): string {
  return JSON.stringify({ id: 'evt_1', type, properties });
}

function updated(given: Part): string {
  return event('message.part.updated', { sessionID: given.sessionID, part: given });
}

function kinds(said: readonly Utterance[]): string[] {
  return said.map((each) => (each.from === 'agent' ? each.event.type : 'remark'));
}

const ENDED = part('text', { text: 'hello', time: { end: 1 } });

describe('what a server tells of a session', () => {
  test('is told when it is whole, each thing once', () => {
    const events = new ServedEvents(SESSION);
    const heard = [
      updated(part('step-start')),
      updated(part('text', { text: 'hel' })),
      updated(ENDED),
      updated(part('tool', { state: { status: 'running' } })),
      updated(part('tool', { state: { status: 'completed' } })),
      updated(part('step-finish', { reason: 'stop' })),
      updated(ENDED),
    ].flatMap((data) => events.hear(data));
    expect(heard.map((each) => JSON.parse(each.line) as unknown)).toMatchObject([
      { type: 'step_start', sessionID: SESSION },
      { type: 'text', part: { text: 'hello' } },
      { type: 'tool_use', part: { state: { status: 'completed' } } },
      { type: 'step_finish', part: { reason: 'stop' } },
    ]);
  });

  test('is told from the messages, where the stream has lost it, and not again', () => {
    const events = new ServedEvents(SESSION);
    events.hear(updated(ENDED));
    const info = { id: 'msg_1', role: 'assistant' };
    const parts = [part('step-start'), ENDED, part('text', { id: 'prt_2', text: 'cut' }), part('step-finish')];
    expect(
      kinds(
        events.rest([
          { info: { id: 'msg_0', role: 'user' }, parts: [ENDED] },
          { info, parts },
        ]),
      ),
    ).toEqual(['step_start', 'text', 'step_finish']);
  });

  test('of another session nothing is told, but that of a subagent is a sign of life', () => {
    const events = new ServedEvents(SESSION);
    expect(events.hear(updated({ ...ENDED, sessionID: 'ses_other' }))).toEqual([]);
    expect(events.heard).toBe(0);
    events.hear(event('session.created', { sessionID: 'ses_child', info: { id: 'ses_child', parentID: SESSION } }));
    const before = events.heard;
    expect(events.hear(updated({ ...ENDED, sessionID: 'ses_child' }))).toEqual([]);
    expect(events.heard).toBe(before + 1);
  });

  test('an end before the beginning is that of an earlier turn', () => {
    const events = new ServedEvents(SESSION);
    events.hear(event('session.idle', { sessionID: SESSION }));
    expect(events.idle).toBe(false);
    events.hear(event('session.status', { sessionID: SESSION, status: { type: 'busy' } }));
    events.hear(event('session.status', { sessionID: SESSION, status: { type: 'idle' } }));
    expect(events.idle).toBe(true);
  });

  test('a call of the model that is tried again is a remark, once for each attempt', () => {
    const events = new ServedEvents(SESSION);
    const retry = event('session.status', {
      sessionID: SESSION,
      status: { type: 'retry', attempt: 1, message: 'Too Many Requests', next: 1 },
    });
    expect(events.hear(retry)).toMatchObject([{ from: 'engine', failedCall: 'Too Many Requests' }]);
    expect(events.hear(retry)).toEqual([]);
  });

  test('an error is one with its status, and an agent that is not there a remark with its reason', () => {
    const events = new ServedEvents(SESSION);
    const failed = (name: string, data: unknown): Utterance[] =>
      events.hear(event('session.error', { sessionID: SESSION, error: { name, data } }));
    expect(failed('APIError', { message: 'no', statusCode: 401 })).toMatchObject([
      { from: 'agent', event: { type: 'error', statusCode: 401, vague: false } },
    ]);
    expect(failed('UnknownError', { message: 'Agent not found: "nope". Available agents: build' })).toMatchObject([
      { from: 'engine', reason: { class: 'agent_unavailable' } },
    ]);
    expect(events.failed).toBe(true);
  });

  test('what is asked is kept until it is answered', () => {
    const events = new ServedEvents(SESSION);
    events.hear(event('permission.asked', { id: 'per_1', sessionID: SESSION, permission: 'bash' }));
    events.hear(event('question.asked', { id: 'que_1', sessionID: SESSION, questions: [] }));
    expect(events.asks).toEqual([
      { kind: 'permission', id: 'per_1', about: 'bash' },
      { kind: 'question', id: 'que_1', about: 'an answer' },
    ]);
  });

  test.each(['', 'no JSON', '[]', '{"type":1}', '{"type":"session.error"}', '{"type":"x","properties":7}'])(
    'something else (%j) tells nothing',
    (data) => {
      expect(new ServedEvents(SESSION).hear(data)).toEqual([]);
    },
  );
});
