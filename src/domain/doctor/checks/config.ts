import { listSettings } from '../../settings/list-settings.ts';
import type { Check } from '../check.ts';
import { fine, note, wrong } from '../finding.ts';

const NAME = 'config';

/** Every setting in the config file and the environment is known and has a valid value. */
export const configCheck: Check = {
  name: NAME,
  needsHome: false,
  async run(context) {
    const { problems } = await listSettings(context);
    if (problems.length === 0) return [fine(NAME, 'every setting can be read')];
    return problems.map(({ code, message, hint, overridden, blocks }) => {
      if (code === 'retired_setting') return note(NAME, message, hint.replace(/^run: /, ''));
      return wrong(overridden || blocks.length === 0 ? 'warning' : 'error', NAME, message, hint);
    });
  },
};
