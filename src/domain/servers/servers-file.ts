import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { withLock } from '../../adapters/store/lock.ts';
import type { KnownKeys } from '../../util/types.ts';
import type { Home } from '../home.ts';

/** `servers.json`: named git servers. */
export const ServersSchema = z.looseObject({
  default: z.nullable(z.string()),
  servers: z.record(z.string(), z.looseObject({ url: z.string() })),
});

/** The named git servers, and the one that refs without a server mean. */
export type Servers = KnownKeys<z.infer<typeof ServersSchema>>;

const NONE: Servers = { default: null, servers: {} };

/** The servers of this home; none without a file. */
export async function readServers({ home }: { readonly home: Home }): Promise<Servers> {
  return (await readJsonFile(home.serversFile, ServersSchema)) ?? NONE;
}

/** Changes the servers under their lock; `change` throws to leave them as they are. */
export async function changeServers(
  { home }: { readonly home: Home },
  change: (servers: Servers) => Servers,
): Promise<void> {
  await withLock(`${home.serversFile}.lock`, async (lock) => {
    const changed = change(await readServers({ home }));
    lock.assertHeld();
    await writeJsonFile(home.serversFile, changed);
  });
}
