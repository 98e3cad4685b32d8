import type { ListedHost, Overview } from '../../domain/overview/overview.ts';
import type { FleetStatus } from '../../domain/fleet/fleet-status.ts';
import type { Host } from '../../domain/queue/fleet.ts';
import { formatDuration } from '../../util/time.ts';
import type { TextStyle } from '../print-result.ts';
import { renderTable, type BriefColumn } from './table.ts';

/** The hosts of a fleet, by name, and how each stands. */
export function hostTexts(fleet: Overview['fleet']): readonly (readonly [name: string, text: string])[] {
  return (fleet?.hosts ?? []).map((host) => [host.name, hostText(host, fleet?.host ?? '')]);
}

/** How a host stands, in a few words. @param own the name of this one */
export function hostText({ name, state, silent, live, slots }: ListedHost, own: string): string {
  const notes = [name === own ? 'this host' : '', state === 'up' ? '' : state, silent ? 'silent' : ''];
  const said = notes.filter((note) => note !== '').join(', ');
  return `${live}/${slots}${said === '' ? '' : ` (${said})`}`;
}

/** The hosts of a fleet as a table. */
export async function renderFleet({ host: own, hosts }: FleetStatus, style: TextStyle): Promise<string> {
  const columns: readonly BriefColumn<Host>[] = [
    { title: 'HOST', cell: ({ name }) => (name === own ? `${name} (this one)` : name), cut: 'middle', atLeast: 12 },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'AGENTS', cell: ({ live, slots }) => `${live} of ${slots}` },
    { title: 'WAITING', cell: ({ waiting }) => String(waiting) },
    { title: 'BASE', cell: ({ base }) => (base === null ? '-' : String(base)) },
    { title: 'HEARD OF', cell: ({ silentMs }) => `${formatDuration(silentMs)} ago` },
    { title: 'VERSION', cell: ({ version }) => version, cut: 'end' },
  ];
  return renderTable({ rows: hosts, columns, brief: columns, empty: 'no host has joined' }, style);
}
