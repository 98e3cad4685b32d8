import { expect, test } from 'vitest';
import { fakeWorld, succeeded } from '../support/fake-world.ts';
import { run } from '../support/world.ts';

test.each(['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Pacific/Chatham', 'EST5EDT', 'Nowhere/Else'])(
  'a time on disk has the offset of %s',
  async (zone) => {
    const world = fakeWorld({ TZ: zone });
    const { stdout } = succeeded(await world.kugetsu('delegate', 'hello', '--json'));
    const { created_at: time } = JSON.parse(stdout) as { created_at: string };
    const script = 'console.log(-new Date(process.argv[1]).getTimezoneOffset())';
    const { stdout: minutes } = await run([process.execPath, '-e', script, time], { cwd: world.root, env: world.env });
    const [, sign, hours, rest] = /\.\d{3}([+-])(\d\d):(\d\d)$/.exec(time) ?? [];
    expect((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(rest)) - Number(minutes)).toBe(0);
    expect(Math.abs(Date.now() - Date.parse(time))).toBeLessThan(10 * 60_000);
  },
);
