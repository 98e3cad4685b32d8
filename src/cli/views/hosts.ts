import type { ListedHost, Overview } from '../../domain/overview/overview.ts';

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
