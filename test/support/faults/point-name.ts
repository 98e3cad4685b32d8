interface Change {
  readonly kind: string;
  /** A path, or the command line of another program. */
  readonly target: string;
}

interface Directories {
  readonly home: string;
  readonly world: string;
}

// These change nothing: a crash before or after one of them is a crash after or before its neighbour.
const READING =
  /^git (?:rev-parse|rev-list|status|for-each-ref|symbolic-ref --quiet|ls-files|diff|log|cat-file|config --get|merge-base|show-ref|count-objects|worktree list|version|--version|var|ls-remote)\b|^opencode (?:--version|export|db select|session list)\b/;

/**
 * What to call the moment before or after a change, the same in each run: ids, numbers and random parts are left out.
 * Undefined for the call of a program that changes nothing.
 */
export function pointName(when: 'before' | 'after', { kind, target }: Change, names: Directories): string | undefined {
  if (kind !== 'run' && kind !== 'start') return `${when} ${kind} ${pathName(target, names)}`;
  const command = commandName(target);
  return READING.test(command) ? undefined : `${when} ${kind} ${command}`;
}

function pathName(path: string, { home, world }: Directories): string {
  const short = path.startsWith(home)
    ? `~${path.slice(home.length)}`
    : path.slice(path.startsWith(world) ? world.length : 0);
  return short
    .replace(/(kugetsu-[a-z]+-|\.scratch-)\w{6}(?=\/|$)/, '$1*')
    .replaceAll(/\.[0-9a-f]{8,16}\.(tmp|pruned)(?=\/|$)/g, '.*.$1')
    .replace(/-[0-9a-f]{16}(?=\.|$)/, '-*')
    .replace(/^\/proc\/self\/fd\/\d+/, '<open directory>')
    .replace(/(?<=^~\/heartbeats\/)[0-9a-f]{16}$/, '*')
    .replace(/(?<=^~\/engine\/\.?)[0-9a-f]{12}(?=\.)/, '*')
    .replaceAll(/\b(q|r|n|ses)_[0-9A-Za-z]+/g, '$1_*')
    .replaceAll(/\d{4}-?\d\d-?\d\dT[0-9.:+Z-]+|\d{8}T?\d{6}\w*/g, '<time>')
    .replaceAll(/(?<=demo-)\d+/g, 'N');
}

function commandName(line: string): string {
  const [path = '', ...words] = line
    .replaceAll(/ -c \S+/g, '')
    .replaceAll(/ --git-dir \S+/g, '')
    .split(' ');
  const program = ['git', 'opencode'].find((name) => path.slice(path.lastIndexOf('/') + 1).startsWith(name));
  if (program !== undefined) return [program, ...words.slice(0, 2).filter((word) => /^[a-z-]+$/.test(word))].join(' ');
  return ['kugetsu', ...words.filter((word) => word.startsWith('__') || word === 'run')].join(' ');
}

/** Whether it depends on how long everything takes that a point is reached: a heartbeat is renewed every ten seconds. */
export function isByTheClock({ name, occurrence }: { readonly name: string; readonly occurrence: number }): boolean {
  return occurrence > 1 && name.includes('~/heartbeats/');
}
