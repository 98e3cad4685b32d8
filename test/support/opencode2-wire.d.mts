/** One thing that a server of the double can be asked. */
export interface DoubleOperation {
  readonly name: string;
  readonly id: string;
}

export function operationsOf(isEarly: boolean): DoubleOperation[];
export function openApiOf(operations: readonly DoubleOperation[]): unknown;
