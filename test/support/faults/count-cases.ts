import { basename } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { report, reportsSoFar } from './figures.ts';

let before = 0;

beforeEach(() => {
  before = reportsSoFar();
});

// A test that counts nothing itself is a case. Which of several that run at once has counted cannot be told: each is one.
afterEach(({ task }) => {
  if (task.concurrent !== true && reportsSoFar() > before) return;
  const broken = task.result?.state === 'fail' ? 1 : 0;
  report({ part: basename(task.file.name, '.test.ts').replaceAll('-', ' '), cases: 1, broken });
});
