/**
 * What is shown: the fleet as it was told last (`FleetView`), what the address names, and the stream and the run that it follows.
 *
 * @type {{ fleet: any, name: string | null, view: string, followed: string | null | undefined, source: EventSource | null, detail: any, retry: number }}
 */
export const now = { fleet: null, name: null, view: 'log', followed: null, source: null, detail: null, retry: 1000 };

/** What was typed for an agent and not sent yet, by its name. */
export const drafts = new Map();

let told;

/** Resolves when the fleet was told for the first time. */
export const known = new Promise((resolve) => (told = resolve));

/** The fleet is this now. */
export function setFleet(fleet) {
  now.fleet = fleet;
  told();
}

/** What is chosen, in the fleet as it is now: an agent, a task, or both. */
export function subject() {
  const { fleet, name } = now;
  if (fleet === null || name === null) return {};
  const task = fleet.tasks.find(({ id }) => id === name);
  const agent =
    fleet.agents.find((each) => each.name === name) ??
    (task === undefined ? undefined : fleet.agents.find((each) => each.run !== null && each.run === task.run));
  return { task, agent };
}
