import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../world.ts';

/** What one call of git does: nothing but fail, or its work and then something else than to say what came of it. */
export const LIES = ['fails', 'killed', 'killed-after', 'prints', 'cut'] as const;

export interface Lie {
  /** The number of the call, from 1. */
  readonly call: number;
  readonly how: (typeof LIES)[number];
  /** What `prints` prints. */
  readonly output: string;
}

// Calls take numbers by making a file, which only one of them can; in the shell itself, because a program for each number
// that is taken already would cost more than all else.
const SCRIPT = `#!/bin/sh
PATH="$LYING_GIT_PATH"; export PATH
call=1
set -C
while ! true 2>/dev/null > "$LYING_GIT/call-$call"; do call=$((call + 1)); done
set +C
printf '%s ' "$@" > "$LYING_GIT/call-$call"
read -r lying < "$LYING_GIT/call"
test "$call" = "$lying" || exec git "$@"
case "$(cat "$LYING_GIT/how")" in
  fails) echo 'fatal: \\033[2J made up' >&2; exit 128 ;;
  killed) kill -9 $$ ;;
  killed-after) git "$@" > /dev/null 2>&1; kill -9 $$ ;;
  prints) git "$@" > /dev/null 2>&1; cat "$LYING_GIT/output"; exit 0 ;;
  cut) out="$LYING_GIT/out-$call"; git "$@" > "$out"; head -c $(($(wc -c < "$out") / 2)) "$out"; exit 0 ;;
esac
`;

/** The same world, in which git tells this lie; without one it counts its calls. */
export function withLyingGit(world: World, lie?: Lie): { readonly world: World; readonly calls: () => string[] } {
  const bin = join(world.root, 'lying-bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'git'), SCRIPT);
  chmodSync(join(bin, 'git'), 0o755);
  const directory = mkdtempSync(join(world.root, 'lying-git-'));
  writeFileSync(join(directory, 'call'), `${lie?.call ?? 0}\n`);
  writeFileSync(join(directory, 'how'), lie?.how ?? '');
  writeFileSync(join(directory, 'output'), lie?.output ?? '');
  const { PATH = '' } = world.env;
  return {
    world: world.withEnv({ PATH: `${bin}:${PATH}`, LYING_GIT: directory, LYING_GIT_PATH: PATH }),
    calls: () => callsIn(directory),
  };
}

function callsIn(directory: string): string[] {
  const numbers = readdirSync(directory)
    .flatMap((name) => /^call-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
  return numbers.map((call) => readFileSync(join(directory, `call-${call}`), 'utf8'));
}
