import * as z from 'zod/mini';
import { AppError } from '../../util/errors.ts';
import { EXIT } from '../../util/exit-codes.ts';
import { plainText } from '../../util/text.ts';
import { isAtLeast } from '../../util/versions.ts';
import { quoted, said, words } from '../../util/words.ts';
import { readTextIfExists, replaceFile } from '../store/private-files.ts';
import {
  BINARY_VARIABLE,
  findOpencode,
  INSTALL_HINT,
  isShim,
  programFacts,
  type ProgramFacts,
} from './find-opencode.ts';
import type { OpencodeProbe } from './opencode.ts';
import { driverEnvironment, runHasty } from './opencode-cli.ts';
import {
  DRIVEN_MAJOR,
  INSTALL,
  INSTALL_BESIDE,
  MINIMUM_VERSION,
  NEWEST_MAJOR,
  parseOpencodeVersion,
} from './opencode-version.ts';

const PROBE_TIMEOUT_MS = 60_000;
const NEEDED_RUN_FLAGS = [
  '--session',
  '--dir',
  '--format',
  '--auto',
  '--print-logs',
  '--log-level',
  '--model',
  '--agent',
];
const NEEDED_COMMANDS = ['export', 'import', 'session', 'db', 'run'];

const CachedProbeSchema = z.object({
  path: z.string(),
  size: z.number(),
  modified: z.number(),
  changed: z.number(),
  version: z.string(),
});

const factNames = ['path', 'size', 'modified', 'changed'] as const;

interface ProbeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where the answer is kept; it holds as long as the binary's path, size and modification time do. */
  readonly cache: string;
  /** The major version of the opencode that made the sessions there are; undefined when there are none. */
  readonly madeBy?: (() => Promise<number | undefined>) | undefined;
  /** Says which opencode it is, for one who has just asked it. */
  readonly identify?: (() => Promise<IdentifiedOpencode>) | undefined;
}

type Asking = Pick<ProbeOptions, 'env' | 'cwd'>;

/**
 * Finds opencode and checks that it is of the major version that made the sessions there are, new enough, and has the
 * commands and flags that are needed. A shim is asked for the
 * version each time, because it stays the same when what is behind it changes.
 */
export async function probeOpencode(options: ProbeOptions): Promise<OpencodeProbe> {
  const { facts, isChecked, ...probe } = await (options.identify?.() ?? identifyOpencode(options));
  await requireSameMajor(probe, options);
  requireDriven(probe);
  if (isChecked) return probe;
  await checkCapabilities(probe.path, probe.version, options);
  await rememberProbe(options.cache, { ...probe, facts });
  return probe;
}

/** What a program says that it is, and whether it was found usable as it stands. */
export interface IdentifiedOpencode extends OpencodeProbe {
  readonly facts: ProgramFacts;
  readonly isChecked: boolean;
}

/** Finds opencode and asks which version it is, whatever that is. A shim is asked each time. */
export async function identifyOpencode(
  options: Pick<ProbeOptions, 'env' | 'cwd' | 'cache'>,
): Promise<IdentifiedOpencode> {
  const path = await findOpencode(options);
  const facts = await programFacts(path);
  const cached = await readCache(options.cache);
  const same = cached !== undefined && factNames.every((name) => cached[name] === facts[name]);
  const isKnown = same && !(await isShim(path, facts.path));
  const found = isKnown ? versionIn(cached.version) : await readVersion(path, options);
  return { path, ...found, facts, isChecked: same && cached.version === found.version };
}

/** Remembers that an opencode was found usable. */
export async function rememberProbe(
  cache: string,
  { facts, version }: Pick<IdentifiedOpencode, 'facts' | 'version'>,
): Promise<void> {
  await replaceFile(cache, `${JSON.stringify({ ...facts, version })}\n`);
}

function versionIn(version: string): { readonly version: string; readonly major: number } {
  return parseOpencodeVersion(version) ?? { version, major: DRIVEN_MAJOR };
}

/** Another one would not find the sessions, or would find them without what was said in them, and could damage them. */
export async function requireSameMajor(
  { path, version, major }: OpencodeProbe,
  { madeBy }: Pick<ProbeOptions, 'madeBy'>,
): Promise<void> {
  const made = (await madeBy?.()) ?? major;
  if (made === major) return;
  const goOn = made === DRIVEN_MAJOR ? `run: ${INSTALL_BESIDE}` : `name an opencode ${made} in ${BINARY_VARIABLE}`;
  const anew = major <= NEWEST_MAJOR ? '; for new ones, run: kugetsu init --force' : '';
  throw new AppError(
    'other_opencode',
    `the sessions of this home were made by opencode ${made}, and ${path} is opencode ${version}`,
    { hint: `to go on with them, ${goOn}${anew}`, exit: EXIT.notReady },
  );
}

function requireDriven({ path, version, major }: OpencodeProbe): void {
  if (major > DRIVEN_MAJOR) {
    const message = `opencode ${version} at ${path}: this kugetsu works with opencode 1.18 and 2, and not with opencode ${major} yet`;
    const hint = `to have both, run: ${INSTALL_BESIDE}`;
    throw new AppError('opencode_unsupported', message, { hint, exit: EXIT.notReady });
  }
  if (!isAtLeast(version, MINIMUM_VERSION)) {
    const message = `opencode ${version} is older than ${MINIMUM_VERSION} (${path})`;
    throw new AppError('opencode_too_old', message, { hint: INSTALL_HINT, exit: EXIT.notReady });
  }
}

async function readCache(path: string): Promise<z.infer<typeof CachedProbeSchema> | undefined> {
  try {
    const text = await readTextIfExists(path);
    return text === undefined ? undefined : CachedProbeSchema.parse(JSON.parse(text));
  } catch {
    // A cache that cannot be read is made anew.
    return undefined;
  }
}

async function readVersion(path: string, options: Asking): Promise<Pick<OpencodeProbe, 'version' | 'major'>> {
  const { output } = await ask(path, ['--version'], options);
  const found = parseOpencodeVersion(output);
  if (found === undefined) {
    const message = words`${path} --version printed ${quoted(output, 80)}, which is not a version`;
    throw new AppError('opencode_unexpected', message, {
      hint: INSTALL_HINT,
      exit: EXIT.notReady,
      details: output,
    });
  }
  return found;
}

async function checkCapabilities(path: string, version: string, options: ProbeOptions): Promise<void> {
  const [run, all] = await Promise.all([ask(path, ['run', '--help'], options), ask(path, ['--help'], options)]);
  const lacking = [
    ...NEEDED_RUN_FLAGS.filter((flag) => !run.output.includes(flag)).map((flag) => `run ${flag}`),
    ...NEEDED_COMMANDS.filter((name) => !new RegExp(`opencode ${name}\\b`).test(all.output)),
  ];
  if (lacking.length === 0) return;
  throw new AppError('opencode_unsupported', `opencode ${version} at ${path} lacks: ${lacking.join(', ')}`, {
    hint: `it may be too new for this kugetsu: upgrade kugetsu, or run: ${INSTALL}`,
    exit: EXIT.notReady,
  });
}

async function ask(path: string, args: readonly string[], { env, cwd }: Asking): Promise<{ output: string }> {
  const result = await runHasty({
    command: path,
    args,
    cwd,
    env: driverEnvironment(env, cwd),
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  const output = plainText(`${result.stdout}${result.stdout === '' ? result.stderr : `\n${result.stderr}`}`);
  if (result.exitCode === 0) return { output: args[0] === '--version' ? result.stdout : output };
  const reason = result.timedOut
    ? ['gave no answer within a minute']
    : words`failed: ${said(output.trim() || 'no output')}`;
  throw new AppError('opencode_unexpected', words`${path} ${args.join(' ')} ${reason}`, {
    hint: INSTALL_HINT,
    exit: EXIT.notReady,
    details: output,
  });
}
