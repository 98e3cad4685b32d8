import { ENDINGS } from './endings.ts';
import type { Misbehaviour } from './misbehaviour.ts';
import { MODEL } from './model.ts';
import { OUTPUT } from './output.ts';
import { PROCESSES } from './processes.ts';
import { SESSIONS } from './sessions.ts';
import { SILENCE } from './silence.ts';
import { SURROUNDINGS } from './surroundings.ts';

/** Every failure of opencode that the suite plays. */
export const CATALOGUE: readonly Misbehaviour[] = [
  ...SILENCE,
  ...ENDINGS,
  ...MODEL,
  ...OUTPUT,
  ...PROCESSES,
  ...SESSIONS,
  ...SURROUNDINGS,
];

/** The failures that must have a case, whatever else has one. */
export const REQUIRED: readonly string[] = [
  'hangs before its first event',
  'hangs after its first event',
  'exits 0 after an error',
  'exits 1 after success',
  'an auto-rejected permission',
  'endless unknown finish reasons',
  'a question no one answers',
  'a retry-after of a day',
  'a locked database once, then fine',
  'a line of 10 MB',
  'binary garbage on standard output',
  'killed in the middle of a line',
  'children that ignore TERM',
  'children that called setsid',
  'children that hold the pipes',
  'forks into the wrong directory',
  'imports half of the messages',
  'a session id of another shape',
  'a newer version with an unknown event',
  'a newer version with a missing flag',
  'a secret in its output',
  'fills the disk',
  'writes to the main checkout',
  // What else of the real one was measured.
  'the model refuses the request',
  'the model refuses the credentials',
  'the model forbids it',
  'the model is not known',
  'the model always answers 429',
  'the model always answers 500',
  'the model cuts its stream',
  'the model answers garbage',
  'the model answers nothing',
  'the model is cut off at its length limit',
  "the model's content filter ends the answer",
  'a model that opencode does not know',
  'a session that is gone',
  'a broken configuration',
  'a read-only data directory',
  'a locked database',
  'leaves a library in its temporary directory',
  'a newer version that refuses a flag',
];
