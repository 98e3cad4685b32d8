/** Random bytes that cannot be guessed. node:crypto has them too, but takes longer to load than most commands to run. */
export function randomBytes(count: number): Buffer {
  const bytes = Buffer.allocUnsafe(count);
  for (let from = 0; from < count; from += AT_ONCE) crypto.getRandomValues(bytes.subarray(from, from + AT_ONCE));
  return bytes;
}

/** As many as one call gives. */
const AT_ONCE = 65_536;
