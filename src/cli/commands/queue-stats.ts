import type { Call } from '../call.ts';
import { printResult } from '../print-result.ts';
import { STATES } from '../table/kinds.ts';
import { soundItems } from './sound-items.ts';

/** Prints how many tasks there are, and how many in each state. */
export async function queueStats(call: Call, { json }: { readonly json: boolean }): Promise<void> {
  const items = await soundItems(call);
  const counts = STATES.map((state) => [state, items.filter((item) => item.state === state).length] as const);
  const value = { total: items.length, ...Object.fromEntries(counts) };
  const text = (): string =>
    Object.entries(value)
      .map(([name, count]) => `${name}\t${count}`)
      .join('\n');
  await printResult(call.context, { json, value, line: true, text });
}
