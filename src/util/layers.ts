/** Variables by name; an undefined one is taken away. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What is put over an environment, made of `Facts` and of what lies under it. */
export interface Layer<Facts> {
  readonly name: string;
  readonly variables: (facts: Facts, under: Variables) => Variables | Promise<Variables>;
}

/** The environment that layers make, the first at the bottom: where two have a variable, the later one wins. */
export async function layered<Facts>(layers: readonly Layer<Facts>[], facts: Facts): Promise<Variables> {
  let environment: Variables = {};
  for (const { variables } of layers) environment = { ...environment, ...(await variables(facts, environment)) };
  return environment;
}
