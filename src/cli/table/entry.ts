import type { ExitCode } from '../../util/exit-codes.ts';
import type { Call } from '../call.ts';
import type { LiveKind } from '../completion/live-values.ts';

// What an entry of the table of commands is made of. All of it is data: it is loaded at every call.

/** What a value on the command line may be: free text, words that are offered, the only words that are taken, or names that the state knows. */
export type ValueKind =
  | 'text'
  | { readonly words: readonly string[] }
  | { readonly oneOf: readonly string[] }
  | { readonly live: readonly LiveKind[] };

/** An argument, by its place. `name` is what help calls it; with a `fallback`, that is what a missing one is. */
export interface ArgumentSpec {
  readonly kind: 'required' | 'optional' | 'rest';
  readonly name: string;
  readonly about?: string;
  readonly is?: ValueKind;
  readonly fallback?: string;
}

/** An option: a flag that is given or not, one that is on unless `--no-…` is given, one with a value, or one that is given again for each value. */
export interface OptionSpec {
  readonly kind: 'flag' | 'unset' | 'value' | 'values';
  readonly long: string;
  readonly short?: string;
  readonly about: string;
  /** What help calls the value. */
  readonly name?: string;
  readonly is?: ValueKind;
  readonly fallback?: string;
}

type Arguments = Readonly<Record<string, ArgumentSpec>>;
type Options = Readonly<Record<string, OptionSpec>>;

/** What a command line gives to one argument or option. */
export type Value = string | boolean | readonly string[] | undefined;

/** What a command line gives, by the names that its entry has for arguments and options. */
export type Given = Readonly<Record<string, Value>>;

type ValueOf<S extends ArgumentSpec | OptionSpec> = S['kind'] extends 'flag' | 'unset'
  ? boolean
  : S['kind'] extends 'rest' | 'values'
    ? readonly string[]
    : WordOf<S> | (S extends { readonly kind: 'required' } | { readonly fallback: string } ? never : undefined);

type WordOf<S> = S extends { readonly is: { readonly oneOf: readonly (infer W extends string)[] } } ? W : string;

/** What the action of a command with these arguments and options is given. */
type GivenOf<A extends Arguments, O extends Options> = {
  readonly [K in keyof A | keyof O]: K extends keyof A ? ValueOf<A[K]> : K extends keyof O ? ValueOf<O[K]> : never;
};

/** Declared as a method, so that actions that are given different things go into one table. */
interface Acting<G> {
  act(call: Call, given: G): Promise<void>;
}

/** What a command does. */
export type Action<G> = Acting<G>['act'];

/** What an agent may not do in its run: at all, only with one of these `flags`, or only to another agent than itself. */
interface ForPeople<A extends string, O extends string> {
  /** What it would do to others, as a sentence without a full stop. */
  readonly why: string;
  readonly flags?: readonly O[];
  /** The argument that names an agent; an agent may name itself, and the one in `orOf`. */
  readonly agent?: A;
  readonly orOf?: string;
}

/** A command line that shows what a command is for, with a comment or without. */
type Example = string | readonly [command: string, comment: string];

interface Described {
  /** The words that name it, as they are typed: `queue list`. */
  readonly words: string;
  readonly summary: string;
  /** What help says between the options and the examples. */
  readonly notes?: string;
  readonly examples: readonly Example[];
  readonly exits: Readonly<Partial<Record<ExitCode, string>>>;
}

interface Doing<A extends Arguments, O extends Options> {
  readonly takes: A;
  readonly options: O;
  /** Whether the group runs it when no command of it is named. */
  readonly isDefault?: boolean;
  readonly people?: ForPeople<keyof A & string, keyof O & string>;
  /** Called often: a line with its arguments and at most these flags needs no parser. */
  readonly plain?: readonly (keyof O & string)[];
  /** Loads what it does. */
  readonly load: () => Promise<Action<GivenOf<A, O>>>;
}

/** A command that does something. One whose words begin with `__` is not for people, and help does not show it. */
export interface Command extends Described, Omit<Doing<Arguments, Options>, 'load'> {
  readonly load: () => Promise<Action<Given>>;
}

/** A word with commands of its own. */
export interface Group extends Described {
  readonly load?: undefined;
}

export type Entry = Command | Group;

// A command without arguments, or without options, is given nothing for them.
// oxlint-disable-next-line typescript/no-generated-empty-object-type
type None = Record<never, never>;

/** An entry whose action is given what its arguments and options say. */
export function command<const A extends Arguments = None, const O extends Options = None>(
  entry: Described &
    Partial<Omit<Doing<A, O>, 'load'>> & { readonly load: () => Promise<Action<NoInfer<GivenOf<A, O>>>> },
): Command {
  return { takes: {}, options: {}, ...entry };
}

/** Exit codes that most commands have. */
export const USUAL = { 1: 'failed', 2: 'usage' } as const;
