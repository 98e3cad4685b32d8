import { oneLine } from '../../util/text.ts';
import { headline, type Told } from './webhook-form.ts';

// The text is an argument of the script, and never a part of it.
const SCRIPT = ['on run argv', 'display notification (item 2 of argv) with title (item 1 of argv)', 'end run'];

/** The command lines that show a notification on a desktop; the first program that there is counts. */
export function desktopCommand(told: Told): readonly (readonly string[])[] {
  const title = `kugetsu: ${headline(told)}`;
  const body = oneLine(told.message, 300);
  // The desktop notifications specification gives bodies a markup.
  const escaped = body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    ['notify-send', '--app-name=kugetsu', '--', title, escaped],
    ['osascript', ...SCRIPT.flatMap((line) => ['-e', line]), title, body],
  ];
}
