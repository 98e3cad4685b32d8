/** The end of a command's help: examples, one a line, and what its exit codes mean. */
export function helpNotes(examples: readonly string[], exitCodes: string): string {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return `\n${title}:\n${examples.map((example) => `  ${example}\n`).join('')}\nExit codes: ${exitCodes}.`;
}
