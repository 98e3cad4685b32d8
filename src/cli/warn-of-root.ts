import { RUN_ID_VARIABLE } from '../adapters/process/environment.ts';
import { ownerOf, ownUserId } from '../adapters/process/user.ts';
import { pasteQuote } from '../util/text.ts';
import type { CliContext } from './context.ts';

/** What leaves no file behind, and what kugetsu calls itself. */
const HARMLESS = /^(?:-h|--help|help|-V|--version|completion|__.*)$/;

/**
 * Says on standard error that root is about to leave files in a home that belongs to somebody else, who could not change
 * them afterwards: `sudo kugetsu`, or a `docker exec` without `--user`.
 */
export function warnOfRoot({ home, env, terminal }: CliContext, args: readonly string[]): void {
  if (ownUserId() !== 0 || env[RUN_ID_VARIABLE] !== undefined) return;
  if (args[0] === undefined || HARMLESS.test(args[0]) || args.includes('--help')) return;
  const owner = ownerOfHome(home.root);
  if (owner === undefined || owner.uid === 0) return;
  const name = env['SUDO_UID'] === String(owner.uid) ? (env['SUDO_USER'] ?? '') : '';
  const user = name === '' ? `user ${owner.uid}` : name;
  terminal.err(
    `kugetsu: warning: this runs as root, and ${owner.directory} is ${user}'s, who cannot change root's files in it`,
  );
  const back = `chown -R ${owner.uid} ${pasteQuote(home.root)}`;
  terminal.err(`  run kugetsu as ${user}; to give back what root has left already, run: ${back}`);
}

function ownerOfHome(root: string): ReturnType<typeof ownerOf> | undefined {
  try {
    return ownerOf(root);
  } catch {
    // What cannot be looked at belongs to nobody who could be told.
    return undefined;
  }
}
