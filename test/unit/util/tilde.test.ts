import { expect, test } from 'vitest';
import { parseAssignments } from '../../../src/util/shell-assignments.ts';

const valueOf = (source: string): string | undefined => parseAssignments(source, '/h')[0]?.value;

test('a tilde stands for the home directory after each colon too', () => {
  expect(valueOf('A=/usr/bin:~/bin:~')).toBe('/usr/bin:/h/bin:/h');
});

test.each(['A=~root/x', 'A=~+/x', 'A=~-', 'A=x:~root'])('%s, which a shell would look up, is refused', (source) => {
  expect(() => parseAssignments(source, '/h')).toThrow(/home directory/);
});

test('a tilde anywhere else is a tilde', () => {
  expect(valueOf('A=file~')).toBe('file~');
  expect(valueOf("A='~/x'")).toBe('~/x');
});
