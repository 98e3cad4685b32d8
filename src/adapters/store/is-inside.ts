import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** Whether `path`, when links are followed, is `directory` or inside it; what cannot be found is not. */
export async function isInside(directory: string, path: string): Promise<boolean> {
  const [outer, inner] = await Promise.all(
    [directory, path].map(async (each) => realpath(each).catch(() => undefined)),
  );
  return outer !== undefined && inner !== undefined && (inner === outer || inner.startsWith(outer + sep));
}
