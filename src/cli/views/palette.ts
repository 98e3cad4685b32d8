import { Chalk } from 'chalk';
import type { Style } from '../../util/text.ts';

/** Paints text in the styles that a terminal is given; without `colour` it stays as it is. */
export function palette(colour: boolean): Readonly<Record<Style, (text: string) => string>> {
  return new Chalk({ level: colour ? 1 : 0 });
}
