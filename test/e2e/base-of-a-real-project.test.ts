// Slow: each start forks a base of many megabytes on the real opencode.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedSession } from '../support/real-world.ts';
import { growBase, opencodeIn, SUMMARY, UNDONE } from '../support/project-session.ts';
import { startScriptedModel, type RecordedRequest, type ScriptedModel } from '../support/scripted-model.ts';
import { makeRemote, makeWorld, mapRepositories, REAL_OPENCODE, type World } from '../support/world.ts';

const REF = 'forge.test/acme/demo#7';
const KNOWLEDGE = 'The secret of this project is the word periwinkle.';
// Some 5 MB, of which the model gets what came after the compaction.
const SIZE = { messages: 200, outputSize: 100_000 };

let model: ScriptedModel;
let world: World;
let base: Awaited<ReturnType<typeof growBase>>;

// One world for all: each call of opencode takes a second or more, and this base is not made for less.
beforeAll(async () => {
  model = await startScriptedModel();
  model.on(/ask the one who looked around/, (asked) => [
    {
      tool: 'task',
      input: { description: 'Again', prompt: 'what was there', subagent_type: 'general', task_id: taskIn(asked) },
    },
    { text: 'Asked.' },
  ]);
  world = makeWorld({ opencode: REAL_OPENCODE, modelPort: model.port });
  mapRepositories(world, { 'forge.test/acme/demo': await makeRemote(world, 'demo', { 'README.md': '# demo\n' }) });
  expect(await world.kugetsu('init', '--headless', '--prompt', KNOWLEDGE)).toMatchObject({ code: 0 });
  base = await growBase(world, SIZE);
  expect(await world.kugetsu('start', REF, 'ask the one who looked around', '--follow')).toMatchObject({ code: 0 });
}, 900_000);

afterAll(async () => {
  expect(await world.destroy()).toEqual([]);
  await model.close();
});

const taskIn = ({ messages }: RecordedRequest): string =>
  /<task id=\\"(ses_\w+)/.exec(JSON.stringify(messages))?.[1] ?? 'no task';

function request(): RecordedRequest {
  const found = model.requests.find(({ lastUserText }) => lastUserText.includes('ask the one who looked around'));
  if (found === undefined) throw new Error('the model was not asked');
  return found;
}

interface Stored {
  readonly id: string;
  readonly parent_id: string | null;
  readonly directory: string;
  readonly messages: number;
}

async function stored(): Promise<Stored[]> {
  const count = '(select count(*) from message m where m.session_id = s.id) as messages';
  const statement = `select s.id, s.parent_id, s.directory, ${count} from session s`;
  return JSON.parse(await opencodeIn(world, 'db', statement, '--format', 'json')) as Stored[];
}

test('what the base knows after its compaction reaches the model, with the summary, and nothing older', () => {
  const said = JSON.stringify(request().messages);
  expect(said).toContain(SUMMARY);
  expect(said).toContain('periwinkle');
  expect(said).toContain('Question 97:');
  expect(said).not.toContain('Question 3:');
});

test('a message that was undone in the base does not come back', () => {
  expect(JSON.stringify(model.requests.map(({ messages }) => messages))).not.toContain(UNDONE);
});

test('an agent that goes on with a task of a subagent of the base gets a subagent of its own, in its worktree', async () => {
  const { session_id: fork, worktree } = await listedSession(world, REF);
  const sessions = await stored();
  expect(taskIn(request())).not.toBe(base.subagent.info.id);
  expect(sessions.filter(({ parent_id }) => parent_id === fork)).toMatchObject([{ directory: worktree }]);
  expect(sessions.find(({ id }) => id === base.subagent.info.id)).toMatchObject({
    parent_id: base.id,
    messages: base.subagent.messages.length,
  });
  expect(worktree).toBe(join(world.home, 'worktrees', 'forge.test-acme-demo-7'));
});

test('the fork has all of the base but what was undone, and the base is as it was', async () => {
  const { session_id: fork } = await listedSession(world, REF);
  const sessions = new Map((await stored()).map((session) => [session.id, session.messages]));
  const told = 2;
  expect(sessions.get(base.id)).toBe(base.base.messages.length + told);
  // The message of the user's, the step with the task, and the one after it.
  expect(sessions.get(fork ?? '')).toBe(base.base.messages.length - 2 + told + 3);
});
