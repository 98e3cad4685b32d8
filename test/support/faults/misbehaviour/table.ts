import { CATALOGUE } from './catalogue.ts';
import type { Expected, Misbehaviour } from './misbehaviour.ts';
import { ON_OPENCODE_2, ONLY_OPENCODE_2 } from './opencode2.ts';

/** The tables of docs/reliability.md: what each engine can have, and what only opencode 2 can. */
export function catalogueTable(): string[] {
  return [
    '| opencode | upstream | kugetsu says | noticed by | in a shared server | opencode 2 | on the real one |',
    '|---|---|---|---|---|---|---|',
    ...CATALOGUE.map((one) => {
      const { name, upstream = [], expected, ofProcess = false, ofServer = false, real } = one;
      const issues = upstream.map((number) => `[#${number}](https://github.com/anomalyco/opencode/issues/${number})`);
      return row([
        name,
        issues.join(' ') || '–',
        verdict(expected),
        noticedBy(expected),
        ofServer ? 'only there' : ofProcess ? 'no' : 'yes',
        onOpencode2(one),
        typeof real === 'string' ? real : 'yes',
      ]);
    }),
    '| opencode 2 only | kugetsu says | noticed by |',
    '|---|---|---|',
    ...ONLY_OPENCODE_2.map(({ name, expected }) => row([name, verdict(expected), noticedBy(expected)])),
  ];
}

function onOpencode2({ name, expected }: Misbehaviour): string {
  const differently = ON_OPENCODE_2[name];
  if (differently === undefined || typeof differently === 'string') return differently ?? '–';
  const said = verdict(differently.expected ?? expected);
  return said === verdict(expected) ? 'yes' : said;
}

function verdict(expected: Expected): string {
  const again = expected.outcome === 'failed' && expected.retryable ? ', tried again' : '';
  return `${expected.outcome} (\`${expected.class}\`)${again}`;
}

function noticedBy({ noticed }: Expected): string {
  return /^[A-Z]/.test(noticed) ? `\`${noticed}\`` : noticed;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
