import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectSession } from '../../test/support/project-session.ts';
import { BUN, ROOT } from '../compile.ts';
import { row, type Row } from './row.ts';
import { median } from './sample.ts';

/** The id of the sessions that are forked. */
export const BASE = 'ses_0123456789abABCDEFGHIJKLMN';

const ROUNDS = 3;

/** The sizes of bases that are measured; a quarter of the messages has the output of a tool that is this large. */
export const SIZES = [
  ['10 messages', { messages: 10, outputSize: 1500 }],
  ['1 MB', { messages: 200, outputSize: 20_000 }],
  ['10 MB', { messages: 200, outputSize: 200_000 }],
  ['50 MB, 2,000 messages', { messages: 2000, outputSize: 100_000 }],
] as const;

/** What kugetsu itself needs to fork a base of several sizes: from opencode's export to the file that it imports. */
export async function base(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'kugetsu-bench-'));
  try {
    const [small, ...large] = SIZES.map(([name, size]) => ({ name, ...measure(directory, size) }));
    if (small === undefined) return [];
    const over = (value: number): { value: number; of: string } => ({ value, of: small.name });
    return [small, ...large].flatMap((one) => [
      row('base', `${one.name} (export of ${one.megabytes} MB): read and kept, CPU time`, { value: one.read }),
      row('base', `${one.name}: copied, CPU time`, { value: one.copy }),
      row('base', `${one.name}: memory at the peak`, {
        value: one.peak,
        unit: 'MiB',
        ...(one === small ? {} : { over: over(small.peak), atMost: 3 }),
      }),
    ]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Measured {
  readonly megabytes: string;
  readonly read: number;
  readonly copy: number;
  readonly peak: number;
}

function measure(parent: string, size: (typeof SIZES)[number][1]): Measured {
  const directory = mkdtempSync(join(parent, 'base-'));
  const exported = join(directory, 'export.json');
  const { base: session } = projectSession({ id: BASE, directory, now: Date.UTC(2026, 0), ...size });
  writeFileSync(exported, JSON.stringify(session, null, 2));
  const reads = Array.from({ length: ROUNDS }, () => once('export', directory));
  const copies = Array.from({ length: ROUNDS }, () => once('kept', directory));
  return {
    megabytes: (statSync(exported).size / 1e6).toFixed(1),
    read: median(reads.map(({ cpu }) => cpu)),
    copy: median(copies.map(({ cpu }) => cpu)),
    peak: median([...reads, ...copies].map(({ peak }) => peak)),
  };
}

function once(what: string, directory: string): { readonly cpu: number; readonly peak: number } {
  const printed = execFileSync(BUN, [join(ROOT, 'scripts', 'fork-once.ts'), what, directory], { encoding: 'utf8' });
  return JSON.parse(printed) as { readonly cpu: number; readonly peak: number };
}
