import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, REQUIRED } from '../../support/faults/misbehaviour/catalogue.ts';
import { noticeLimitMs } from '../../support/faults/misbehaviour/misbehaviour.ts';
import { CATALOGUE_2, ON_OPENCODE_2 } from '../../support/faults/misbehaviour/opencode2.ts';
import { catalogueTable } from '../../support/faults/misbehaviour/table.ts';

const RELIABILITY = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'reliability.md'), 'utf8');

describe('the catalogue of what opencode does wrong', () => {
  test('has a case for each failure that must have one, and each case one name', () => {
    const names = CATALOGUE.map(({ name }) => name);
    expect(REQUIRED.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('says of each of these how opencode 2 has it, or why not, and of no other', () => {
    const names = new Set(CATALOGUE.map(({ name }) => name));
    expect(REQUIRED.filter((name) => ON_OPENCODE_2[name] === undefined)).toEqual([]);
    expect(Object.keys(ON_OPENCODE_2).filter((name) => !names.has(name))).toEqual([]);
    expect(new Set(CATALOGUE_2.map(({ name }) => name)).size).toBe(CATALOGUE_2.length);
  });

  test('is in docs/reliability.md as it is', () => {
    const section = RELIABILITY.split('## A misbehaving opencode\n')[1]?.split('\n## ')[0] ?? '';
    expect(section.split('\n').filter((line) => line.startsWith('|'))).toEqual(catalogueTable());
  });

  test('gives kugetsu the deadline that is in force, and half a minute', () => {
    expect(noticeLimitMs('AGENT_STARTUP_TIMEOUT_SECONDS', { AGENT_STARTUP_TIMEOUT_SECONDS: '2' })).toBe(32_000);
    expect(noticeLimitMs('AGENT_STALL_TIMEOUT_MINUTES', {})).toBe(150_000);
    expect(noticeLimitMs('the end of opencode', {})).toBe(30_000);
  });
});
