import { readFileSync } from 'node:fs';
import { readTimeZone, type OffsetAt } from '../util/time.ts';

const SYSTEM_ZONE = '/etc/localtime';
const ZONES = '/usr/share/zoneinfo';
/** `Europe/Berlin`; what else `TZ` can hold is left to the runtime. */
const ZONE_NAME = /^[A-Za-z_]+(?:\/[A-Za-z_-]+)*$/;

/** The offset of the system's time zone, or of the one that `TZ` names, from the system's own files, read when it is asked for. */
export function localOffset(zone: string | undefined): OffsetAt {
  let read: OffsetAt | undefined;
  return (ms) => (read ??= zoneIn(zone))(ms);
}

function zoneIn(zone: string | undefined): OffsetAt {
  const unknown: OffsetAt = () => undefined;
  if (zone !== undefined && !ZONE_NAME.test(zone)) return unknown;
  try {
    return readTimeZone(readFileSync(zone === undefined ? SYSTEM_ZONE : `${ZONES}/${zone}`)) ?? unknown;
  } catch {
    // There is no such file.
    return unknown;
  }
}
