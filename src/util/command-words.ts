/** Why a text is no command line; a sentence without a full stop. */
export class CommandWordsError extends Error {
  override readonly name = 'CommandWordsError';
}

// What a shell would act on. Nobody here does, so that nobody is to believe it.
const SHELL_ACTIVE = /[`$;&|<>(){}*?[\]!#\n]/;
const NEEDS_SHELL = "needs a shell; write sh -c '…' around it";

/**
 * The words of a command line as a shell would split them: blanks, single and double quotes, backslashes; a `~` before `/`
 * at the beginning of a word is `home`. No shell ever sees it.
 *
 * @throws CommandWordsError when a quote is not closed, when there is no word, and for what only a shell could do
 */
export function commandWords(text: string, home: string): string[] {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const { word, length } = firstWord(rest);
    words.push(rest.startsWith('~/') ? home + word.slice(1) : word);
    rest = rest.slice(length).trimStart();
  }
  if (words.length === 0) throw new CommandWordsError('names no program');
  return words;
}

const PIECE = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/y;

function firstWord(text: string): { readonly word: string; readonly length: number } {
  let word = '';
  let at = 0;
  while (at < text.length && !/\s/.test(text[at] ?? '')) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text);
    if (piece === null) throw new CommandWordsError('has a quote that is not closed, or ends with a backslash');
    const [whole, single, double, escaped, plain] = piece;
    const active = plain ?? double?.replaceAll(/\\[\s\S]|[^`$]/g, '') ?? '';
    const found = SHELL_ACTIVE.exec(active);
    if (found !== null) throw new CommandWordsError(`has ${JSON.stringify(found[0])}, which ${NEEDS_SHELL}`);
    word += single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '';
    at += whole.length;
  }
  return { word, length: at };
}
