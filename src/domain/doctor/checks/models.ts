import { pathExists } from '../../../adapters/store/paths.ts';
import { said, words } from '../../../util/words.ts';
import type { Check } from '../check.ts';
import { fine } from '../finding.ts';
import { valueOf } from '../survey.ts';

const NAME = 'models';
/** More providers than these are counted. */
const SHOWN = 8;

/** Which part of its catalogue of models opencode gets: a smaller one takes less time and memory in each run. */
export const modelsCheck: Check = {
  name: NAME,
  needsHome: true,
  async run({ survey, opencode }) {
    const directory = valueOf(survey.base)?.directory;
    if (directory === undefined || directory === null || !(await pathExists(directory))) return [];
    const given = await opencode.modelCatalogue(directory);
    if ('whole' in given) {
      return [fine(NAME, words`opencode gets its whole catalogue of models: ${said(given.whole, 160)}`)];
    }
    const { providers, of } = given;
    const names = providers.length > SHOWN ? `${providers.length}` : providers.join(', ');
    return [fine(NAME, `opencode gets the models of ${names}, of the ${of} providers that it knows`)];
  },
};
