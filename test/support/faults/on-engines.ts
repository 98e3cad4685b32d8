import { engineAskedFor, type FaultsEngine } from './shared-servers.ts';
import type { Scenario } from './crash-suite.ts';
import { SCENARIOS } from './scenarios.ts';

/** A scenario, and where its agents work. */
interface OnEngine {
  readonly name: string;
  readonly engine: FaultsEngine;
  readonly scenario: Scenario;
}

/** Those in which a shared server has most to do: CI plays them there, too. */
const SHOWN = new Set(['a start', 'a task of an issue, from claim to notification']);

const onEngine = (engine: FaultsEngine, scenarios: readonly Scenario[]): OnEngine[] =>
  scenarios.map((scenario) => ({
    name: engine === 'process' ? scenario.name : `${scenario.name}, in a shared server`,
    engine,
    scenario,
  }));

/**
 * All scenarios on the engine that FAULTS_ENGINE names, with their titles. Unless told, all on processes, and some in a shared
 * server, too.
 */
export function onEngines(): (readonly [string, OnEngine])[] {
  const asked = engineAskedFor();
  const process = asked === 'server' ? [] : onEngine('process', SCENARIOS);
  const shown = SCENARIOS.filter(({ name }) => asked === 'server' || SHOWN.has(name));
  const server = asked === 'process' ? [] : onEngine('server', shown);
  return [...process, ...server].map((each) => [each.name, each]);
}
