/** What the agent in a session may do without asking; how an engine enforces it is the engine's own affair. */
export type SessionRights =
  /**
   * Nobody watches: what would ask a person is denied, because a denial is an error that the model sees and works around,
   * while a question waits forever. `writable` are the directories outside its own that it may use.
   */
  | { readonly kind: 'unattended'; readonly writable: readonly string[] }
  /** A person sits there and answers. */
  | { readonly kind: 'attended' }
  /** It may say something, and has no tools. */
  | { readonly kind: 'words_only' };

/** Why a session does not have the rights that it should. */
export interface RightsLack {
  /** `unreadable`: the engine itself fails of what is stored. */
  readonly kind: 'missing' | 'unreadable' | 'lifted';
  /** In a few words, with the session as `it`. */
  readonly message: string;
}
