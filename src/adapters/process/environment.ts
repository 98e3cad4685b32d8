/** The environment variable that marks every process of a run. */
export const RUN_ID_VARIABLE = 'KUGETSU_RUN_ID';

/** An environment without the variables that are undefined: not every runtime leaves those out. */
export function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
