import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { cutEnd, cutMiddle, widthOf } from '../../../../src/cli/views/cells.ts';

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', ' ', '~', '/', '漢', '🚀', 'e\u0301', '\u00A0', '\u007F'), maxLength: 30 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '~', '/'), maxLength: 30 }),
);
const widths = fc.integer({ min: 1, max: 32 });

test('a text is as wide as the terminal shows it', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(widthOf(text)).toBe(stringWidth(text));
    }),
  );
});

test('what fits is not cut, and what is cut fits, keeps its beginning, and says that it was cut', () => {
  fc.assert(
    fc.property(texts, widths, (text, width) => {
      const cut = cutEnd(text, width);
      if (stringWidth(text) <= width) expect(cut).toBe(text);
      else {
        expect(cut.endsWith('…')).toBe(true);
        expect(text.startsWith(cut.slice(0, -1))).toBe(true);
        expect(stringWidth(cut)).toBeLessThanOrEqual(width);
        // Nothing narrow was cut that there was room for.
        expect(stringWidth(cut)).toBeGreaterThanOrEqual(width - 1);
      }
    }),
  );
});

test('what is cut in its middle keeps both ends', () => {
  fc.assert(
    fc.property(texts, widths, (text, width) => {
      const [start = '', end = ''] = cutMiddle(text, width).split('…');
      expect(text.startsWith(start)).toBe(true);
      expect(text.endsWith(end)).toBe(true);
      expect(stringWidth(cutMiddle(text, width))).toBeLessThanOrEqual(Math.max(width, 1));
    }),
  );
});
