import { headlessPermission, whatPermissionLacks } from '../../../adapters/opencode/permissions.ts';
import { agentWritable } from '../../settings/agent-writable.ts';
import type { Check } from '../check.ts';
import { fine, wrong } from '../finding.ts';
import { guardedSessions } from '../permissions.ts';

const NAME = 'permissions';

/** No session waits for a question that nobody can answer. */
export const permissionsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run(context) {
    const rules = headlessPermission(await agentWritable(context));
    const stored = await context.stored();
    const findings = guardedSessions(context).flatMap(({ id, subject, runs }) => {
      const row = stored.get(id);
      if (row === undefined) return [];
      const lack = whatPermissionLacks(row.permission, rules);
      // The base may ask: a person talks to it. Unreadable rules make opencode itself fail.
      if (lack === undefined || (!runs && !lack.endsWith('cannot be read'))) return [];
      const message = `an agent in the session ${id} of ${subject} may wait forever: ${lack}`;
      return [wrong('error', NAME, message, 'kugetsu doctor --fix-permissions')];
    });
    return findings.length > 0 ? findings : [fine(NAME, 'no session waits for an answer')];
  },
};
