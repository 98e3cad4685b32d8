/** Random bytes that cannot be guessed. node:crypto has them too, but takes longer to load than most commands to run. */
export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  crypto.getRandomValues(bytes);
  return bytes;
}
