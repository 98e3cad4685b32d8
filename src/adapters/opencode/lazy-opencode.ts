import type { Opencode } from './opencode.ts';

/** An opencode whose driver is made, and loaded, at the first call: most commands make none. */
export function lazyOpencode(make: () => Promise<Opencode>): Opencode {
  let made: Promise<Opencode> | undefined;
  return new Proxy({} as Opencode, {
    get(_target, name) {
      // Whoever awaits the driver itself must not take it for a promise.
      if (name === 'then' || typeof name === 'symbol') return undefined;
      return async (...args: unknown[]): Promise<unknown> => {
        made ??= make();
        const opencode = await made;
        const method = Reflect.get(opencode, name) as (...given: unknown[]) => Promise<unknown>;
        return method.apply(opencode, args);
      };
    },
  });
}
