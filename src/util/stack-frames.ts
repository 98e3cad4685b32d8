/** A line of a stack trace as JavaScript engines write it: `at f (file:1:2)`, `at async file:1:2`, `at native`. */
const FRAME =
  /^\s*at (?:(?:async |new )?[^()]*\((?:[^()]*:\d+(?::\d+)?|native|<anonymous>|unknown)\)|(?:async )?\S+:\d+:\d+|native|<anonymous>)\s*$/;

/** A text without the lines that only say where in a program something happened. */
export function withoutFrames(text: string): string {
  return text
    .split('\n')
    .filter((line) => !FRAME.test(line))
    .join('\n');
}
