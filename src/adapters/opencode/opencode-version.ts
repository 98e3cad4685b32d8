import { plainText } from '../../util/text.ts';

/** The major version that the driver of opencode's command line drives. */
export const DRIVEN_MAJOR = 1;
/** The newest major version that this kugetsu drives. */
export const NEWEST_MAJOR = 2;
/** The oldest opencode 2 whose interface kugetsu knows: before it, that was another. */
export const MINIMUM_VERSION_2 = '2.0.4';
/** The oldest opencode that has every command and flag that kugetsu uses, as far as it was measured. */
export const MINIMUM_VERSION = '1.18.0';
/** The version with which kugetsu was tested. */
export const TESTED_VERSION = '1.18.33';

/** What is to be said of opencode 2. */
export const EXPERIMENTAL =
  'experimental; tested with a preview of July 2026 and a double of its contract, never with a released 2.x here';

/** What this kugetsu was tested with, a line for each major version of opencode. */
export const TESTED_WITH: readonly string[] = [
  `opencode 1.18: tested with ${TESTED_VERSION}`,
  `opencode 2 (${MINIMUM_VERSION_2} and later): ${EXPERIMENTAL}; kugetsu doctor --try-opencode tests yours`,
];

/** How the opencode is installed that this kugetsu drives. */
export const INSTALL = `npm install -g opencode-ai@${TESTED_VERSION}`;

const BESIDE = '~/.local/share/opencode-1';
/** How it is installed beside another opencode, which stays what `opencode` means; npm would not replace the other's program. */
export const INSTALL_BESIDE = `npm install --prefix ${BESIDE} opencode-ai@${TESTED_VERSION} && export KUGETSU_OPENCODE=${BESIDE}/node_modules/.bin/opencode`;

/** What an opencode says of itself. */
interface OpencodeVersion {
  /** Three numbers with dots between, or the whole name of a preview of opencode 2. */
  readonly version: string;
  readonly major: number;
}

// 1.x prints the bare number, 2.x `opencode v2.0.17`, its previews `opencode2 v0.0.0-next-16350`.
const VERSION_LINE = /^(opencode2?\s+)?v?((\d+)\.\d+\.\d+)(-next-\d+)?(?:[-+]\S*)?$/;

/**
 * The version in what `opencode --version` printed, in every form that 1.x and 2.x have; undefined when there is none. The
 * last line that is a version counts: a version manager may say something of its own before.
 */
export function parseOpencodeVersion(output: string): OpencodeVersion | undefined {
  const lines = plainText(output).split('\n');
  const found = lines.map((line) => VERSION_LINE.exec(line.trim())).findLast((match) => match !== null);
  if (found === undefined || found === null) return undefined;
  const [, name = '', numbers = '', major = '', preview] = found;
  if (preview !== undefined) return { version: `${numbers}${preview}`, major: 2 };
  return { version: numbers, major: name.trim() === 'opencode2' ? Math.max(2, Number(major)) : Number(major) };
}
