import { config } from 'zod/mini';
import english from 'zod/v4/locales/en.js';

/** Gives the errors of schemas words; without, each says "Invalid input". Loaded when there is an error. */
export function nameWhatIsExpected(): void {
  config(english());
}
