import { runCommand, type CommandResult } from '../../adapters/process/run-command.ts';
import { postJson, signature, type PostResult } from '../../adapters/post-json.ts';
import { commandWords } from '../../util/command-words.ts';
import { said, words, type Text } from '../../util/words.ts';
import { DEFAULT_AGENT } from '../agent-env/agents.ts';
import { readEnvFile } from '../agent-env/env-file.ts';
import { WEBHOOK_SECRET } from '../agent-env/reserved-variables.ts';
import type { Context } from '../context.ts';
import type { Settings } from '../settings-schema.ts';
import type { SinkName } from './outbox.ts';
import { postOf, toldOf, webhookOf, type Told, type Webhook, headline } from './webhook-form.ts';
import { oneLine } from '../../util/text.ts';

/** What came of telling a sink once. */
export interface Outcome {
  readonly ok: boolean;
  /** One phrase: `HTTP 200 from hooks.slack.com`. Nothing in it is secret, except in what others said. */
  readonly detail: Text;
  /** How long the other side asks to be left alone, in milliseconds. */
  readonly againInMs?: number | undefined;
}

/** A way out of the home that the settings name. */
export interface Sink {
  readonly name: SinkName;
  /** How often it is tried at most. */
  readonly attempts: number;
  send(told: Told): Promise<Outcome>;
}

type Needs = Pick<Context, 'home' | 'env' | 'settings'>;

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 4;

/** The sinks that settings name. */
export function sinkNames({ NOTIFY_COMMAND, NOTIFY_WEBHOOK_URL, NOTIFY_DESKTOP }: Settings): SinkName[] {
  const names: [SinkName, boolean][] = [
    ['command', NOTIFY_COMMAND !== undefined],
    ['webhook', NOTIFY_WEBHOOK_URL !== undefined],
    ['desktop', NOTIFY_DESKTOP],
  ];
  return names.filter(([, isOn]) => isOn).map(([name]) => name);
}

/** The sinks of the settings as they are now. @throws AppError for settings that cannot be read */
export async function configuredSinks(context: Needs): Promise<Sink[]> {
  const { NOTIFY_COMMAND: command, NOTIFY_WEBHOOK_URL: url, NOTIFY_DESKTOP: desktop } = await context.settings();
  const webhook = url === undefined ? undefined : webhookOf(url);
  const sinks: Sink[] = [];
  if (command !== undefined) {
    sinks.push({ name: 'command', attempts: ATTEMPTS, send: async (told) => runForPeople(context, command, told) });
  }
  if (webhook !== undefined) {
    sinks.push({ name: 'webhook', attempts: ATTEMPTS, send: async (told) => post(context, webhook, told) });
  }
  // What was not shown at once is news no more.
  if (desktop) sinks.push({ name: 'desktop', attempts: 1, send: async (told) => show(context, told) });
  return sinks;
}

// Linux takes no variable of more than 128 KB; all of the message is on standard input.
const LONGEST_VARIABLE = 2000;

async function runForPeople({ home, env }: Needs, command: string, told: Told): Promise<Outcome> {
  const [program = '', ...args] = commandWords(command, env['HOME'] ?? '');
  const result = await runCommand({
    command: program,
    args,
    cwd: env['HOME'] ?? '/',
    env: { ...env, KUGETSU_DIR: home.root, ...variablesOf(told) },
    input: `${JSON.stringify(toldOf(told))}\n`,
    timeoutMs: TIMEOUT_MS,
  });
  return outcomeOf(program, result);
}

function variablesOf(told: Told): Record<string, string> {
  const entries = Object.entries(toldOf(told)).map(([key, value]) => [
    `KUGETSU_NOTIFICATION_${key.toUpperCase()}`,
    (value ?? '').slice(0, LONGEST_VARIABLE),
  ]);
  return Object.fromEntries(entries);
}

function outcomeOf(program: string, { exitCode, signal, startError, timedOut, stderr }: CommandResult): Outcome {
  const name = said(program, 60);
  if (startError !== undefined) return { ok: false, detail: words`${name} could not be started (${startError})` };
  if (timedOut) return { ok: false, detail: words`${name} was ended after ${TIMEOUT_MS / 1000} s` };
  if (exitCode === 0) return { ok: true, detail: words`${name} ended with exit code 0` };
  const why = stderr.trim().split('\n').at(-1) ?? '';
  const how = exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit code ${exitCode}`;
  return { ok: false, detail: why === '' ? words`${name}: ${how}` : words`${name}: ${how}: ${said(why)}` };
}

async function post(context: Needs, webhook: Webhook, told: Told): Promise<Outcome> {
  const { url, body } = postOf(webhook, told);
  const text = JSON.stringify(body);
  const secret = (await readEnvFile(context, DEFAULT_AGENT))?.get(WEBHOOK_SECRET) ?? '';
  const signed = secret === '' ? {} : { 'X-Kugetsu-Signature-256': signature(secret, text) };
  const result = await postJson({
    url,
    headers: { 'User-Agent': 'kugetsu', 'X-Kugetsu-Notification': told.id, ...signed },
    body: text,
    timeoutMs: TIMEOUT_MS,
  });
  return answerOf(result, url.host);
}

function answerOf(result: PostResult, host: string): Outcome {
  if ('failed' in result) return { ok: false, detail: `${result.failed} from ${host}` };
  const { status, retryAfterMs } = result;
  return { ok: status >= 200 && status < 300, detail: `HTTP ${status} from ${host}`, againInMs: retryAfterMs };
}

async function show({ env }: Needs, told: Told): Promise<Outcome> {
  for (const [program = '', ...args] of desktopCommand(told)) {
    const result = await runCommand({ command: program, args, cwd: env['HOME'] ?? '/', env, timeoutMs: TIMEOUT_MS });
    if (result.startError !== 'ENOENT') return outcomeOf(program, result);
  }
  return { ok: true, detail: 'there is neither notify-send nor osascript here: kugetsu watch tells its terminal' };
}

// The text is an argument of the script, and never a part of it.
const SCRIPT = ['on run argv', 'display notification (item 2 of argv) with title (item 1 of argv)', 'end run'];

/** The command lines that show a notification on a desktop; the first program that there is counts. */
export function desktopCommand(told: Told): readonly (readonly string[])[] {
  const title = `kugetsu: ${headline(told)}`;
  const body = oneLine(told.message, 300);
  // The desktop notifications specification gives bodies a markup.
  const escaped = body.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    ['notify-send', '--app-name=kugetsu', '--', title, escaped],
    ['osascript', ...SCRIPT.flatMap((line) => ['-e', line]), title, body],
  ];
}
