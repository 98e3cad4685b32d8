import { AppError, wordsOf } from '../../util/errors.ts';
import { words } from '../../util/words.ts';
import type { Context } from '../queue/context.ts';
import { requireSameSessions } from '../sessions/same-opencode.ts';
import { type Check, type CheckContext, note, wrong, type Finding } from './check.ts';
import { guardedSessions } from './checks/permissions.ts';
import { surveyHome, type Survey } from './survey.ts';

/** The longest that a check may take unless it says otherwise, in milliseconds. */
const LIMIT_MS = 60_000;

/**
 * Runs the checks side by side, and tells `onFinding` what each has found as soon as it is through. Never throws: a check
 * that fails, or does not end, is a finding itself.
 */
export async function diagnose(
  context: Context,
  checks: readonly Check[],
  onFinding: (finding: Finding) => void = () => undefined,
): Promise<Finding[]> {
  const survey = await surveyHome(context.home);
  const initialised = isInitialised(survey);
  const shared = { ...context, survey, stored: once(async () => storedSessions({ ...context, survey })) };
  const wanted = checks.filter(({ needsHome }) => initialised || !needsHome);
  const first = initialised ? [] : [notInitialised(context)];
  first.forEach((finding) => onFinding(finding));
  const running = wanted.map(async (check) => {
    const found = await runCheck(shared, check);
    found.forEach((finding) => onFinding(finding));
    return found;
  });
  return [...first, ...(await Promise.all(running)).flat()];
}

function isInitialised({ index, base, issues }: Survey): boolean {
  return index.state !== 'missing' || base.state !== 'missing' || issues.length > 0;
}

function notInitialised({ home }: Context): Finding {
  return wrong('error', 'home', `kugetsu is not initialised in ${home.root}`, 'kugetsu init');
}

async function runCheck(context: Omit<CheckContext, 'signal'>, check: Check): Promise<Finding[]> {
  const { limitMs = LIMIT_MS, name } = check;
  const overdue = new AbortController();
  const done = new AbortController();
  const late = context.clock.sleep(limitMs, done.signal).then(() => {
    overdue.abort();
    return [wrong('warning', name, `this check timed out after ${limitMs / 1000} seconds`, 'try again')];
  });
  const result = check
    .run({ ...context, signal: overdue.signal })
    .catch((error: unknown) => [failedCheck(name, error)])
    .finally(() => done.abort());
  return Promise.race([result, late]);
}

function failedCheck(name: string, error: unknown): Finding {
  // The check of opencode itself says what is wrong, once.
  if (error instanceof AppError && error.code === 'other_opencode') {
    return note(name, 'not checked: it takes the opencode that made the sessions');
  }
  const hint = error instanceof AppError ? error.hint : undefined;
  return wrong('error', name, words`this check failed: ${wordsOf(error)}`, hint ?? 'fix that, and run: kugetsu doctor');
}

async function storedSessions(context: Context & { readonly survey: Survey }): ReturnType<CheckContext['stored']> {
  await requireSameSessions(context);
  const ids = guardedSessions(context).map(({ id }) => id);
  return new Map((await context.opencode.describeSessions([...new Set(ids)])).map((row) => [row.id, row]));
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return async () => (answer ??= ask());
}
