/** One `KEY=VALUE` of a file in shell syntax; `start` and `end` are offsets of the whole assignment in the source. */
export interface Assignment {
  readonly key: string;
  readonly value: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a file of assignments, and on which line (from 1). */
export class AssignmentSyntaxError extends Error {
  override readonly name = 'AssignmentSyntaxError';
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

const KEY = /[A-Za-z_][A-Za-z0-9_]*/y;
const BLANK_OR_COMMENT = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
const INDENT = /[ \t]*/y;
const EXPORT = /export[ \t]+/y;
const REST_OF_LINE = /[ \t]*(?:[ \t]#[^\n]*)?\r?(?=\n|$)/y;
const TO_END_OF_LINE = /[^\r\n]*(?:\r(?!\n)[^\r\n]*)*/y;
const SEEMING_KEY = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/;
const HOME_REFERENCE = /\$(?:HOME(?![A-Za-z0-9_])|\{HOME\})/y;
const TILDE = /~(?=[/:\s]|$)/y;
const SHELL_ACTIVE = '`;&|<>(){}*?[]!';

/** A line that is no assignment, with what it seems to assign; `end` is the end of the line. */
export interface BrokenAssignment {
  readonly key: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly error: AssignmentSyntaxError;
}

/**
 * Parses assignments in the shell's syntax: comments, `export`, single and double quotes, backslashes, a leading `~` and
 * `$HOME`. Nothing is ever executed, so everything else that a shell would act on (`$(…)`, backticks, `;`, other
 * variables) is a syntax error outside single quotes, and text inside them.
 *
 * @throws AssignmentSyntaxError
 */
export function parseAssignments(source: string, home: string): Assignment[] {
  const { assignments, broken } = scanAssignments(source, home);
  if (broken[0] !== undefined) throw broken[0].error;
  return assignments;
}

/** As {@link parseAssignments}, but goes on at the next line after one that is no assignment. */
export function scanAssignments(
  source: string,
  home: string,
): { readonly assignments: Assignment[]; readonly broken: BrokenAssignment[] } {
  const scanner = new Scanner(source.replace(/^\uFEFF/, ' '), home);
  const assignments: Assignment[] = [];
  const broken: BrokenAssignment[] = [];
  while (!scanner.done()) {
    if (scanner.match(BLANK_OR_COMMENT) !== undefined) continue;
    scanner.match(INDENT);
    const start = scanner.offset();
    try {
      assignments.push(scanner.assignment());
    } catch (error) {
      if (!(error instanceof AssignmentSyntaxError)) throw error;
      scanner.match(TO_END_OF_LINE);
      const end = scanner.offset();
      broken.push({ key: SEEMING_KEY.exec(source.slice(start, end))?.[1], start, end, error });
    }
  }
  return { assignments, broken };
}

/** A value as an assignment's right-hand side that parses back to the same value. */
export function quoteAssignmentValue(value: string): string {
  if (/^[A-Za-z0-9_./:@%+,=-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

class Scanner {
  private position = 0;
  private readonly source: string;
  private readonly home: string;

  constructor(source: string, home: string) {
    this.source = source;
    this.home = home;
  }

  done(): boolean {
    return this.position >= this.source.length;
  }

  offset(): number {
    return this.position;
  }

  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.source)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  assignment(): Assignment {
    const start = this.position;
    const line = this.lineNumber();
    this.match(EXPORT);
    const key = this.match(KEY);
    if (key === undefined || this.source[this.position] !== '=') throw this.error('expected KEY=VALUE');
    this.position += 1;
    const value = this.value();
    const end = this.position;
    if (this.match(REST_OF_LINE) === undefined) throw this.error(`unexpected text after the value of ${key}`);
    if (!this.done()) this.position += 1;
    return { key, value, line, start, end };
  }

  private value(): string {
    let value = '';
    for (;;) {
      const character = this.source[this.position];
      if (character === undefined || /\s/.test(character)) return value;
      value += this.piece(character);
    }
  }

  private piece(character: string): string {
    if (character === "'") return this.singleQuoted();
    if (character === '"') return this.doubleQuoted();
    if (character === '\\') return this.escaped();
    if (character === '$') return this.variable();
    if (character === '~' && '=:'.includes(this.source[this.position - 1] ?? '')) return this.tilde();
    if (SHELL_ACTIVE.includes(character)) throw this.error(`unquoted ${character}`);
    this.position += 1;
    return character;
  }

  // The shell expands it at the beginning of the value and after each colon.
  private tilde(): string {
    if (this.match(TILDE) !== undefined) return this.home;
    throw this.error('~ stands for the home directory only by itself or before /; quote it otherwise');
  }

  private singleQuoted(): string {
    const end = this.source.indexOf("'", this.position + 1);
    if (end === -1) throw this.error('a single quote is never closed');
    const text = this.source.slice(this.position + 1, end);
    this.position = end + 1;
    return text;
  }

  private doubleQuoted(): string {
    const opening = this.position;
    this.position += 1;
    let text = '';
    for (;;) {
      const character = this.source[this.position];
      if (character === undefined) {
        this.position = opening;
        throw this.error('a double quote is never closed');
      }
      if (character === '"') break;
      if (character === '`') throw this.error('a backtick in double quotes');
      if (character === '\\') text += this.escapedInDoubleQuotes();
      else if (character === '$') text += this.variable();
      else {
        text += character;
        this.position += 1;
      }
    }
    this.position += 1;
    return text;
  }

  private escaped(): string {
    const next = this.source[this.position + 1];
    if (next === undefined) throw this.error('a backslash at the end');
    this.position += 2;
    return next === '\n' ? '' : next;
  }

  private escapedInDoubleQuotes(): string {
    const next = this.source[this.position + 1] ?? '';
    this.position += 2;
    if (next === '\n') return '';
    return '$`"\\'.includes(next) && next !== '' ? next : `\\${next}`;
  }

  private variable(): string {
    if (this.match(HOME_REFERENCE) !== undefined) return this.home;
    throw this.error('only $HOME is expanded here; put other text with $ into single quotes');
  }

  private lineNumber(): number {
    return this.source.slice(0, this.position).split('\n').length;
  }

  private error(message: string): AssignmentSyntaxError {
    return new AssignmentSyntaxError(this.lineNumber(), message);
  }
}
