// Slow: the real opencode takes seconds to start, and a server over HTTP is cloned from and pushed to.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serveGit } from '../support/http-git-server.ts';
import { makeRealWorld } from '../support/real-world.ts';
import { gitIn, makeRemote, processesOf } from '../support/world.ts';

const TOKEN = 'glpat-Zq81mJ2xWf7Ls0';

test('an agent pushes from its bash tool to a web server that wants the token of its environment', async () => {
  const real = await makeRealWorld();
  onTestFinished(async () => {
    expect(await real.destroy()).toEqual([]);
  });
  const { world, model } = real;
  const remote = await makeRemote(world, 'acme/work', { 'README.md': '# work\n' });
  const server = await serveGit({ root: join(world.root, 'remotes'), prefix: '/git', expected: `oauth2:${TOKEN}` });
  const commandLines: string[] = [];
  server.onRequest = () => commandLines.push(...processesOf(world.root).map(({ command }) => command));
  model.on(/push the branch/, [
    { bash: 'echo hello > greeting.txt && git add . && git commit -qm "Add a greeting" && git push origin HEAD' },
    { text: 'The branch is pushed.' },
  ]);
  await world.kugetsu('server', 'add', 'work', server.url);
  await world.kugetsu('server', 'default', 'work');
  await world.kugetsu('env', 'set', 'WORK_TOKEN', TOKEN);

  const { code, stdout, stderr } = await world.kugetsu('start', 'acme/work#5', 'push the branch', '--follow');

  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('1 commit ahead, pushed') });
  expect(await gitIn(world, remote, 'log', '-1', '--format=%s', 'fix/issue-5')).toBe('Add a greeting');
  expect(`${stdout}${stderr}`).not.toContain(TOKEN);
  expect(commandLines.some((line) => /git[ -]remote-http/.test(line))).toBe(true);
  expect(commandLines.filter((line) => line.includes(TOKEN))).toEqual([]);
});
