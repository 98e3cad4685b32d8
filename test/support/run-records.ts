import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../src/domain/runs/run-record.ts';
import { REF, sessionFile } from './fake-world.ts';
import type { World } from './world.ts';

/** Where the record of a run lies that is on, or whose end has not been seen to. */
export function livePath({ home }: Pick<World, 'home'>, id: string): string {
  return join(home, 'runs', `${id}.json`);
}

/** Where the record of a run lies when all is done. */
export function keptPath({ home }: Pick<World, 'home'>, id: string): string {
  return join(home, 'logs', `${id}.json`);
}

/** The record of a run, wherever it lies now. */
export function recordIn(world: Pick<World, 'home'>, id: string): RunRecord {
  const path = existsSync(livePath(world, id)) ? livePath(world, id) : keptPath(world, id);
  return JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
}

/** The records in `runs/`, oldest first. */
export function liveRecords(world: Pick<World, 'home'>): RunRecord[] {
  const names = existsSync(join(world.home, 'runs')) ? readdirSync(join(world.home, 'runs')).toSorted() : [];
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(world.home, 'runs', name), 'utf8')) as RunRecord);
}

interface Reopened {
  readonly owner?: Readonly<Record<string, unknown>>;
  readonly agent?: number;
}

/**
 * Makes the last run of an issue one that is at work, in its record and in the session file, as if its end had never been
 * written; `owner` is written over what its owner was.
 */
export function reopenRun(world: World, { owner = {}, agent = 1 }: Reopened, ref: string = REF): void {
  const path = sessionFile(world, ref);
  const session = JSON.parse(readFileSync(path, 'utf8')) as { run: Record<string, unknown> & { id: string } };
  const { run } = session;
  const record = recordIn(world, run.id);
  const changed = { ...record.owner, ...owner };
  const since = record.requested_at;
  if (existsSync(keptPath(world, run.id))) renameSync(keptPath(world, run.id), livePath(world, run.id));
  const status = { phase: 'working', since, agent };
  writeFileSync(livePath(world, run.id), JSON.stringify({ ...record, owner: changed, status }));
  const reopened = { ...run, phase: 'working', agent_pid: agent, verdict: null, ended_at: null, owner: changed };
  writeFileSync(path, JSON.stringify({ ...session, state: 'working', run: reopened }));
}
