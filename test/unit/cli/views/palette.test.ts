import { expect, test } from 'vitest';
import { palette } from '../../../../src/cli/views/palette.ts';
import { STYLES, type Style } from '../../../../src/util/text.ts';
import { terminalText } from '../../../../src/util/text.ts';

const styles = Object.keys(STYLES) as Style[];

test.each(styles)('%s is painted with the codes that a terminal is given', (style) => {
  const [begin, end] = STYLES[style];
  const painted = palette(true)[style]('text');
  expect(painted).toBe(`\u001B[${begin}mtext\u001B[${end}m`);
  expect(terminalText(painted)).toBe(painted);
  expect(palette(false)[style]('text')).toBe('text');
});
