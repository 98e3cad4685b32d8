/**
 * A path as git takes it where it reads one a line: git-config(1), `core.quotePath`, has the form of those in quotes. Others
 * would end, or begin, elsewhere.
 */
export function linePath(path: string): string {
  if (!/[\n\r]|^"/.test(path)) return path;
  const escaped = path
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`);
  return `"${escaped}"`;
}
