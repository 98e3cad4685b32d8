const EMPTY_TREES: ReadonlySet<string> = new Set([
  '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
]);

/** Whether a tree has no entry. */
export function isEmptyTree(tree: string): boolean {
  return EMPTY_TREES.has(tree);
}
