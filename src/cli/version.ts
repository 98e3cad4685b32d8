// Replaced by the build; run from source there is nothing to replace.
declare const KUGETSU_VERSION: string | undefined;
declare const KUGETSU_COMMIT: string | undefined;

/** The version, and the commit that it was built from: `0.1.0 (1a2b3c4)`. */
export function versionText(): string {
  const version = typeof KUGETSU_VERSION === 'string' ? KUGETSU_VERSION : '0.0.0-source';
  const commit = typeof KUGETSU_COMMIT === 'string' ? KUGETSU_COMMIT : '';
  return commit === '' ? version : `${version} (${commit})`;
}

/** Whether the version is all that a command line asks for. */
export function isVersionCall([first, ...rest]: readonly string[]): boolean {
  return rest.length === 0 && (first === '--version' || first === '-V');
}

/** Whether it asks for the version, and for what that was tested with. */
export function isLongVersionCall(args: readonly string[]): boolean {
  return args.length === 2 && args.includes('--verbose') && isVersionCall(args.filter((arg) => arg !== '--verbose'));
}
