import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutService, withService } from '../../../../../src/domain/daemon/service/service-definitions.ts';
import type { Service } from '../../../../../src/domain/daemon/service/service.ts';

const service = (name: string, environment: Readonly<Record<string, string>> = {}): Service => ({
  name,
  home: '/home/ada/.kugetsu',
  userHome: '/home/ada',
  kugetsu: ['/usr/local/bin/kugetsu'],
  environment,
  carried: {},
  carriedFile: '/home/ada/.kugetsu/queue/daemon.environment.json',
});
const one = service('kugetsu-queue-daemon');
const other = service('kugetsu-queue-daemon-0a1b2c3d');
const crontabs = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('# BEGIN', '# END', 'MAILTO=""', '0 4 * * * true')))
  .map((lines) => lines.join('\n'));

describe('the crontab', () => {
  test('keeps every other byte, but for a newline at the end of its last line', () => {
    fc.assert(
      fc.property(crontabs, (crontab) => {
        const whole = crontab === '' || crontab.endsWith('\n') ? crontab : `${crontab}\n`;
        const both = withService(withService(crontab, one), other);
        expect(both.startsWith(whole)).toBe(true);
        expect(withoutService(withoutService(both, one), other)).toBe(whole);
        expect(withoutService(withoutService(both, other), one)).toBe(whole);
      }),
    );
  });

  test('has the lines of a service once, however often they are added', () => {
    fc.assert(
      fc.property(crontabs, (crontab) => {
        const once = withService(crontab, one);
        expect(withService(once, one)).toBe(once);
      }),
    );
  });

  test('a service that is not in it is not taken out of it', () => {
    const crontab = withService('0 4 * * * true\n', other);
    expect(withoutService(crontab, one)).toBe(crontab);
  });

  test('percent signs are escaped, and words are quoted', () => {
    const crontab = withService('', service('kugetsu-queue-daemon', { KUGETSU_DIR: "/a b/50%/it's" }));
    expect(crontab).toContain(
      String.raw`@reboot KUGETSU_DIR='/a b/50\%/it'\''s' /usr/local/bin/kugetsu queue-daemon start >`,
    );
  });

  test('a line that cron would cut is refused', () => {
    expect(() => withService('', service('kugetsu-queue-daemon', { PATH: '/usr/bin:'.repeat(200) }))).toThrow(
      'too long',
    );
  });
});
