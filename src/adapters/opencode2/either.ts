import type { Clock } from '../clock.ts';
import type { Opencode } from '../opencode/opencode.ts';

/** How long the answer to which opencode it is holds, in milliseconds. */
const HOLDS_MS = 30_000;

interface Drivers {
  readonly clock: Clock;
  /** The major version of the opencode that is installed now. */
  readonly major: () => Promise<number>;
  readonly one: Opencode;
  readonly two: Opencode;
}

/** The opencode that is installed, by the driver for its major version: it may be replaced while a daemon lives. */
export function eitherOpencode(drivers: Drivers): Opencode {
  let known: { readonly at: number; readonly major: number } | undefined;
  const driver = async (): Promise<Opencode> => {
    const now = drivers.clock.monotonic();
    if (known === undefined || now - known.at >= HOLDS_MS) {
      const major = await drivers.major().catch(() => undefined);
      known = major === undefined ? undefined : { at: now, major };
    }
    // The first driver says what is wrong with one that cannot be identified, or is newer than any.
    return known?.major === 2 ? drivers.two : drivers.one;
  };
  return new Proxy({} as Opencode, {
    get(_target, name) {
      // Whoever awaits it must not take it for a promise.
      if (name === 'then' || typeof name === 'symbol') return undefined;
      if (name === 'anew') {
        return async (): Promise<Opencode> =>
          eitherOpencode({ ...drivers, one: await drivers.one.anew(), two: await drivers.two.anew() });
      }
      return async (...args: unknown[]): Promise<unknown> => {
        const chosen = await driver();
        const method = Reflect.get(chosen, name) as (...given: unknown[]) => Promise<unknown>;
        return method.apply(chosen, args);
      };
    },
  });
}
