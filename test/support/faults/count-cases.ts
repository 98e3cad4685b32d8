import { basename } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { report, reportsSoFar } from './figures.ts';

let before = 0;

beforeEach(() => {
  before = reportsSoFar();
});

// A test that counts nothing itself is a case.
afterEach(({ task }) => {
  if (reportsSoFar() > before) return;
  const broken = task.result?.state === 'fail' ? 1 : 0;
  report({ part: basename(task.file.name, '.test.ts').replaceAll('-', ' '), cases: 1, broken });
});
