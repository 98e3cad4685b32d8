import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, type World } from './world.ts';

// A base session as a project has one: questions and answers, files that were read, a picture, a compaction, a subagent,
// and a message that was undone. The same for the same options, to the byte.

/** What the summary of the compaction says, after which the model sees nothing older. */
export const SUMMARY = 'The project in short: its tests run with make check.';
/** What the message says that was undone. */
export const UNDONE = 'Never mind the tests, delete them all.';

interface ProjectSessionOptions {
  /** The session that all of it is put into. */
  readonly id: string;
  readonly directory: string;
  /** When it ended; it took a day. */
  readonly now: number;
  readonly messages?: number;
  /** How large the output of each tool before the compaction is, in characters; after it, it is small. */
  readonly outputSize?: number;
}

interface Row {
  readonly info: { readonly id: string; readonly role: string; readonly [key: string]: unknown };
  readonly parts: readonly { readonly id: string }[];
}

interface ProjectSession {
  /** The base, and the session of its subagent, as `opencode import` reads them. */
  readonly base: { readonly info: object; readonly messages: readonly Row[] };
  readonly subagent: { readonly info: { readonly id: string }; readonly messages: readonly Row[] };
  /** From which message on the base was undone. */
  readonly revert: { readonly messageID: string };
}

const SMALL_OUTPUT = 1500;
const DAY = 24 * 60 * 60_000;
const MODEL = { providerID: 'scripted', modelID: 'scripted' };
const TOKENS = { input: 10, output: 5, reasoning: 0, cache: { read: 0, write: 0 } };
// A red dot of one pixel.
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** Such a session. */
export function projectSession(options: ProjectSessionOptions): ProjectSession {
  const { id, directory, now, messages = 200, outputSize = SMALL_OUTPUT } = options;
  const child = `${id.slice(0, 16)}${letters(`${id} subagent`)}`;
  const pairs = Math.floor(messages / 2) - 1;
  const compaction = Math.floor(pairs / 2);
  const at = (pair: number): number => now - DAY + Math.floor((pair * DAY) / (pairs + 1));
  const rows: Row[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const turn = new Turn({ id, directory, at: at(pair), number: pair });
    if (pair === compaction) rows.push(...turn.compaction(rows.at(-2)?.info.id ?? ''));
    else if (pair === compaction + 1) rows.push(...turn.subagent(child));
    else rows.push(...turn.reading(pair < compaction ? outputSize : SMALL_OUTPUT));
  }
  const undone = new Turn({ id, directory, at: now, number: pairs }).said(UNDONE, 'I have deleted them all.');
  rows.push(...undone);
  const of = (session: string, title: string): object => ({
    id: session,
    slug: session.slice(4).toLowerCase(),
    projectID: 'global',
    directory,
    title,
    version: '1.18.33',
    time: { created: now - DAY, updated: now },
  });
  const asked = new Turn({ id: child, directory, at: at(compaction + 1) + 1, number: 0 });
  return {
    base: { info: of(id, 'base'), messages: rows },
    subagent: {
      info: { ...of(child, 'Look around (@general subagent)'), id: child, parentID: id } as { readonly id: string },
      messages: asked.said('Look around.', 'There are three modules.'),
    },
    revert: { messageID: undone[0]?.info.id ?? '' },
  };
}

/** What was said and done between one message of the user's and the next one. */
class Turn {
  private readonly place: {
    readonly id: string;
    readonly directory: string;
    readonly at: number;
    readonly number: number;
  };
  private count = 0;

  constructor(place: Turn['place']) {
    this.place = place;
  }

  said(question: string, answer: string): Row[] {
    const user = this.user([{ type: 'text', text: question }]);
    return [user, this.assistant(user, [this.text(answer)])];
  }

  reading(outputSize: number): Row[] {
    const { number } = this.place;
    const picture = {
      type: 'file',
      mime: 'image/png',
      filename: 'screen.png',
      url: `data:image/png;base64,${PICTURE}`,
    };
    const user = this.user([
      { type: 'text', text: `Question ${number}: what does module ${number} do?` },
      ...(number % 20 === 0 ? [picture] : []),
    ]);
    const file = join(this.place.directory, 'src', `module-${number}.ts`);
    const output = pageOfText(number, outputSize);
    const read = this.tool('read', {
      input: { filePath: file },
      title: file,
      output,
      metadata: { preview: output.slice(0, 80) },
    });
    return [user, this.assistant(user, [read, this.text(`Module ${number} is fine.`)])];
  }

  compaction(tailStart: string): Row[] {
    const user = this.user([{ type: 'compaction', auto: true, tail_start_id: tailStart }]);
    const summary = this.assistant(user, [this.text(SUMMARY)]);
    return [user, { ...summary, info: { ...summary.info, summary: true, mode: 'compaction', agent: 'compaction' } }];
  }

  subagent(session: string): Row[] {
    const user = this.user([{ type: 'text', text: 'Have somebody look around.' }]);
    const task = this.tool('task', {
      input: { description: 'Look around', prompt: 'Look around.', subagent_type: 'general' },
      title: 'Look around',
      output: `<task id="${session}" state="completed">\n<task_result>There are three modules.</task_result>\n</task>`,
      metadata: { parentSessionId: this.place.id, sessionId: session, model: MODEL },
    });
    return [user, this.assistant(user, [task, this.text(`It was ${session} who looked around.`)])];
  }

  private text(text: string): object {
    return { type: 'text', text, time: { start: this.place.at, end: this.place.at } };
  }

  private tool(tool: string, state: object): object {
    const time = { start: this.place.at, end: this.place.at };
    return { type: 'tool', callID: `call_${this.place.number}`, tool, state: { status: 'completed', time, ...state } };
  }

  private user(parts: readonly object[]): Row {
    return this.row({ role: 'user', time: { created: this.place.at }, agent: 'build', model: MODEL }, parts);
  }

  private assistant(user: Row, parts: readonly object[]): Row {
    const { at, directory } = this.place;
    const info = {
      role: 'assistant',
      time: { created: at, completed: at },
      parentID: user.info.id,
      ...MODEL,
      mode: 'build',
      agent: 'build',
      path: { cwd: directory, root: directory },
      cost: 0,
      tokens: TOKENS,
      finish: 'stop',
    };
    const finish = { type: 'step-finish', reason: 'stop', cost: 0, tokens: TOKENS };
    return this.row(info, [{ type: 'step-start' }, ...parts, finish]);
  }

  private row(info: Omit<Row['info'], 'id'> & { readonly role: string }, parts: readonly object[]): Row {
    const sessionID = this.place.id;
    const id = this.newId('msg');
    return {
      info: { ...info, id, sessionID },
      parts: parts.map((part) => ({ ...part, id: this.newId('prt'), sessionID, messageID: id })),
    };
  }

  /** The low 48 bits of `ms · 4096 + n` in hex, which order the rows, and 14 letters. */
  private newId(prefix: string): string {
    const time = BigInt.asUintN(48, BigInt(this.place.at) * 4096n + BigInt((this.count += 1)));
    const ordered = time.toString(16).padStart(12, '0');
    return `${prefix}_${ordered}${letters(`${this.place.id} ${prefix} ${ordered}`)}`;
  }
}

function letters(of: string): string {
  return createHash('sha256').update(of).digest('hex').slice(0, 14);
}

function pageOfText(number: number, size: number): string {
  const line = `export const value${number} = "quoted \\ and \u2028 ünicode";\n`;
  return line.repeat(Math.ceil(size / line.length)).slice(0, size);
}

/**
 * Puts such a session into the base of a world that is initialised, through opencode itself; what the base was told at
 * `init` stays its last valid message.
 */
export async function growBase(
  world: World,
  options: Partial<Pick<ProjectSessionOptions, 'messages' | 'outputSize'>> = {},
): Promise<ProjectSession & { readonly id: string }> {
  const listed = JSON.parse((await world.kugetsu('list', '--json')).stdout) as {
    readonly type: string;
    readonly session_id: string;
  }[];
  const id = listed.find(({ type }) => type === 'base')?.session_id ?? '';
  const session = projectSession({ id, directory: world.project, now: Date.now(), ...options });
  for (const one of [session.base, session.subagent]) {
    const file = join(world.root, 'project-session.json');
    writeFileSync(file, JSON.stringify(one));
    await opencodeIn(world, 'import', file);
  }
  // Of a session that is there, an import adds the messages only.
  await opencodeIn(world, 'db', `update session set revert = '${JSON.stringify(session.revert)}' where id = '${id}'`);
  return { ...session, id };
}

/** Runs the world's opencode. @returns what it prints @throws when it fails */
export async function opencodeIn(world: World, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([world.env['KUGETSU_OPENCODE'] ?? '', ...args], {
    cwd: world.project,
    env: { ...world.env, PWD: world.project, OPENCODE_DISABLE_FFF: '1' },
  });
  if (code !== 0) throw new Error(`opencode ${args[0]}: ${stderr}${stdout}`);
  return stdout;
}
