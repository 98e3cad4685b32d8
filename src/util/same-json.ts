/** Whether two values are the same one, or would be written as the same JSON. */
export function isSameJson(one: object, other: object): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
