/** Whether a dotted version is at least another one; parts that are missing count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [actual, wanted] = [version, minimum].map((text) => text.split('.').map(Number));
  for (const [index, part] of (wanted ?? []).entries()) {
    const own = actual?.[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
