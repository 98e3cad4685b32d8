/**
 * What kugetsu's own text may look like on a terminal: each style with the codes that begin and end it (ECMA-48, select
 * graphic rendition). Views have these and no others, and a terminal is given these and nothing else.
 */
export const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
  gray: [90, 39],
} as const;

/** The name of a style, as chalk has it. */
export type Style = keyof typeof STYLES;
