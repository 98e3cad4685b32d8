import { readTextAtOnce } from '../store/private-files.ts';
import { findOpencode, programFacts } from './find-opencode.ts';

interface ProbeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where the answer of the last probe is kept. */
  readonly cache: string;
}

/** Whether opencode is the program that was found usable last. To say so after each task that is queued, it is not run. */
export async function looksProbed({ cache, ...where }: ProbeOptions): Promise<boolean> {
  try {
    const facts = Object.entries(await programFacts(await findOpencode(where)));
    const known: unknown = JSON.parse(readTextAtOnce(cache) ?? '');
    return (
      typeof known === 'object' && known !== null && facts.every(([name, fact]) => Reflect.get(known, name) === fact)
    );
  } catch {
    return false;
  }
}
