import * as z from 'zod/mini';
import { ownPlace } from '../../adapters/process/process-identity.ts';
import { randomBytes } from '../../adapters/random.ts';
import { readJsonFile, writeJsonFile } from '../../adapters/store/json-file.ts';
import { usageError } from '../../util/errors.ts';
import { base62 } from '../../util/ids.ts';
import type { KnownKeys } from '../../util/loose-object.ts';
import { quoted, words } from '../../util/words.ts';
import { QUEUE_URL } from '../agent-env/reserved-variables.ts';
import type { Context } from '../context.ts';

/** `queue/fleet.json`: that this home shares the queue of a fleet. The file decides it, so that no edited setting does. */
const MembershipSchema = z.looseObject({
  /** Of the server, with the password; null when {@link QUEUE_URL} says it. */
  url: z.nullable(z.string()),
  /** The name of this host. */
  host: z.string(),
  /** The name of this home, by which it is told from another one that has the host's name. */
  home: z.string(),
});

const FORM = { schema: MembershipSchema, what: 'the file of the fleet' };

type Needs = Pick<Context, 'home' | 'env'>;

/** What a home says of its fleet. */
export type Membership = KnownKeys<z.infer<typeof MembershipSchema>>;

/**
 * The fleet that this home is in; undefined when it is in none, and its queue is in files. The URL is null when {@link QUEUE_URL}
 * was to say it and does not: the home is in the fleet all the same, and has no other queue.
 *
 * @throws AppError `corrupt_file`
 */
export async function readMember({ home, env }: Needs): Promise<Membership | undefined> {
  const given = env[QUEUE_URL] ?? '';
  const file = await readJsonFile(home.fleet, FORM);
  if (file === undefined && given === '') return undefined;
  const membership = file ?? newMembership({ url: null, host: undefined });
  const url = given === '' ? membership.url : given;
  // A container joins with its first command, and is the same one from then on.
  if (file === undefined) await writeMembership({ home }, membership);
  return { ...membership, url };
}

/** A home that has been in no fleet yet. @throws AppError usage (exit code 2) for a name that no host can have */
export function newMembership({
  url,
  host,
}: {
  readonly url: string | null;
  readonly host: string | undefined;
}): Membership {
  return {
    url,
    host: requireHostName(host ?? ownPlace().machine ?? 'localhost'),
    home: `h_${base62(randomBytes(16))}`,
  };
}

export async function writeMembership({ home }: Pick<Context, 'home'>, membership: Membership): Promise<void> {
  await writeJsonFile(home.fleet, membership);
}

/** A host's name as it is shown and stored: as in DNS, in lower case. */
function requireHostName(text: string): string {
  const name = text.toLowerCase();
  if (/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw usageError(words`${quoted(text)} is not a host name`, 'use letters, digits, - and . (--name NAME)');
}
