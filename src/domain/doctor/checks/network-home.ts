import { networkFileSystem } from '../../../adapters/store/disk.ts';
import type { Check } from '../check.ts';
import { fine, wrong } from '../finding.ts';

const NAME = 'home-disk';

/** The home is on a disk of this machine: the processes of another one that uses it cannot be seen from here. */
export const networkHomeCheck: Check = {
  name: NAME,
  needsHome: true,
  async run({ home }) {
    const found = await networkFileSystem(home.root);
    if (found === undefined) return [fine(NAME, 'the home is on a disk of this machine')];
    const message = `the home is on a network filesystem (${found}): no other machine may use it, and locks may not hold`;
    return [
      wrong(
        'warning',
        NAME,
        message,
        'keep KUGETSU_DIR on a local disk; several machines share a queue by kugetsu fleet join',
      ),
    ];
  },
};
