import { join } from 'node:path';
import { randomBytes } from '../../adapters/random.ts';
import { timeOrderedId } from '../../util/ids.ts';
import type { Context } from '../context.ts';

const PREFIX = 'r_';
const RANDOM_BYTES = 8;
const FORM = /^r_[0-9a-z]+$/;
/** The length of the ids that {@link newRunId} makes. */
const LENGTH = timeOrderedId(PREFIX, 0, new Uint8Array(RANDOM_BYTES)).length;

/** A new run id; ids sort by time. */
export function newRunId({ clock }: Pick<Context, 'clock'>): string {
  return timeOrderedId(PREFIX, clock.now(), randomBytes(RANDOM_BYTES));
}

/** Whether a text can be the id of a run. */
export function isRunId(text: string): boolean {
  return FORM.test(text);
}

/** Whether a name is just as {@link newRunId} makes them. For places that other programs use too: `r_data` is none. */
export function isMadeRunId(name: string): boolean {
  return FORM.test(name) && name.length === LENGTH;
}

/** The run whose file this is, by its name without the ending; undefined for any other file. */
export function runOfFile(name: string, ending: '.json' | '.log'): string | undefined {
  const id = name.endsWith(ending) ? name.slice(0, -ending.length) : '';
  return isRunId(id) ? id : undefined;
}

/** The log of a run. */
export function runLogPath({ home }: Pick<Context, 'home'>, runId: string): string {
  return join(home.logs, `${runId}.log`);
}
