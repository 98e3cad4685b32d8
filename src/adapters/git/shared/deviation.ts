/** Something in which a bare repository is not as kugetsu made it, so that it changes what every agent finds there. */
export interface Deviation {
  /** What it is, in a few words: `the setting core.hooksPath`. */
  readonly what: string;
  /** What was done about it, in a few words, when {@link mend} has succeeded. */
  readonly done: string;
  /** Puts it right. Call it under the repository's lock. Undefined when only its user can. */
  readonly mend?: () => Promise<void>;
  /** Whether nobody has to know: nothing of it came from an agent. */
  readonly quiet?: boolean;
}
