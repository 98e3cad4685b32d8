/** What is changed: a file or directory, a lock, or whatever another program changes while it runs. */
export type ChangeKind =
  | 'make directory'
  | 'set mode'
  | 'create'
  | 'write'
  | 'append'
  | 'sync'
  | 'touch'
  | 'rename'
  | 'remove'
  | 'lock'
  | 'unlock'
  | 'run'
  | 'start';

/**
 * Performs a change of the world outside this process. Every such change goes through here, one at a time: the moments
 * before and after it are those at which a crash leaves something else behind. The fault suite replaces this module by one
 * that ends the process there.
 *
 * @param _target the path, or the command line of the other program
 */
export async function change<T>(_kind: ChangeKind, _target: string, perform: () => Promise<T>): Promise<T> {
  return perform();
}
