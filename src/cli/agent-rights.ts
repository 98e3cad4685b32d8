import { callingAgent, peopleOnly, type CallingAgent } from '../domain/runs/agent-rights.ts';
import type { Context } from '../domain/context.ts';
import type { Request } from './request.ts';

/**
 * Refuses what only a person may ask for, when an agent called it; before anything of it is done.
 *
 * @throws AppError `people_only`
 */
export function requireAgentMay({ env }: Pick<Context, 'env'>, request: Request): void {
  const { people, words, options } = request.command;
  const caller = callingAgent(env);
  if (caller === undefined || people === undefined || !isForPeople(request, caller)) return;
  const flags = (people.flags ?? []).filter((name) => request.given[name] === true);
  throw peopleOnly(['kugetsu', words, ...flags.map((name) => options[name]?.long ?? '')].join(' '), people.why);
}

function isForPeople({ command: { people }, given }: Request, { agent }: CallingAgent): boolean {
  if (people?.flags !== undefined) return people.flags.some((name) => given[name] === true);
  if (people?.agent === undefined) return true;
  const named = given[people.agent];
  return named !== people.orOf && (agent === undefined || named !== agent);
}
