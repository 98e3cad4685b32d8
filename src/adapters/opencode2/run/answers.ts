import type { Remark } from '../../engine/agent-event.ts';
import type { Api } from '../api.ts';
import { isDenied, type Rule } from '../rules.ts';

const NOBODY = 'Nobody is here to answer: find a way without this, and go on.';

/**
 * Answers what the sessions of a run ask, so that nothing waits for a person: an ask is allowed this once, or refused where
 * the agent's rules deny it; a question is taken back. @returns what was answered, for the log
 */
export async function answerAll(api: Api, sessions: Iterable<string>, rules: readonly Rule[]): Promise<Remark[]> {
  const remarks: Remark[] = [];
  for (const session of sessions) {
    for (const { id, action, resources } of await api.asks(session)) {
      const denied = isDenied(rules, action, resources);
      await api.answer(session, id, denied ? { decision: 'reject', message: NOBODY } : { decision: 'once' });
      remarks.push(
        remark(`opencode asked for ${action} ${resources.join(' ')}: ${denied ? 'refused' : 'allowed once'}`),
      );
    }
    for (const question of await api.questions(session)) {
      await api.dismiss(session, question);
      remarks.push(remark('the agent asked a question, which was taken back: nobody is here to answer'));
    }
  }
  return remarks;
}

function remark(line: string): Remark {
  return { from: 'engine', line, reason: undefined, failedCall: undefined };
}
