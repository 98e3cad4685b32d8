import { unattendedRights } from '../../settings/unattended-rights.ts';
import type { Check } from '../check.ts';
import { fine, wrong } from '../finding.ts';
import { guardedSessions } from '../permissions.ts';

const NAME = 'permissions';

/** No session waits for a question that nobody can answer. */
export const permissionsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const rights = await unattendedRights(context);
    const stored = await context.stored();
    const looked = guardedSessions(context).map(async ({ id, subject, runs }) => {
      const row = stored.get(id);
      const lack = row === undefined ? undefined : await context.opencode.lackOfRights(row, rights);
      // The base may ask: a person talks to it. Unreadable rules make opencode itself fail.
      if (lack === undefined || (!runs && lack.kind !== 'unreadable')) return [];
      const message = `an agent in the session ${id} of ${subject} may wait forever: ${lack.message}`;
      return [wrong('error', NAME, message, 'kugetsu doctor --fix-permissions')];
    });
    const findings = (await Promise.all(looked)).flat();
    return findings.length > 0 ? findings : [fine(NAME, 'no session waits for an answer')];
  },
};
