import * as z from 'zod/mini';

const Count = z.int().check(z.gte(0));

/** An answer of the model in a session of opencode 1.18, as far as it says what it took. */
const AnswerSchema = z.looseObject({
  role: z.literal('assistant'),
  summary: z.catch(z.optional(z.boolean()), undefined),
  tokens: z.looseObject({
    input: Count,
    output: Count,
    reasoning: Count,
    cache: z.looseObject({ read: Count, write: Count }),
  }),
});

/**
 * How many tokens a conversation takes after this message, as opencode counts it: all that the model read and wrote for its last
 * answer. What was before a compaction is gone, so its summary takes what was written. Undefined for a message that does not say.
 */
export function contextTokens(info: unknown): number | undefined {
  const answer = AnswerSchema.safeParse(info).data;
  if (answer === undefined) return undefined;
  const { input, output, reasoning, cache } = answer.tokens;
  const all = input + output + reasoning + cache.read + cache.write;
  // An answer that was broken off has zeros.
  if (all === 0) return undefined;
  return answer.summary === true ? output : all;
}
