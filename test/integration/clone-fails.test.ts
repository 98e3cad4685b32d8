import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listedIssue, readyWorld, REF, REPOSITORY, runOf, succeeded, verdictOf } from '../support/fake-world.ts';
import { mapRepositories, processesOf, type Outcome, type World } from '../support/world.ts';

async function serverThatAnswers(status: number): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'www-authenticate': 'Basic realm="forge"' });
    response.end('<html>no</html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startFrom(world: World, url: string): Promise<Outcome> {
  mapRepositories(world, { [REPOSITORY]: url });
  return world.kugetsu('start', REF, 'hello');
}

/** One line that says what, and one that says what to do. */
function expectClearFailure({ code, stderr }: Outcome, reason: string): void {
  expect(code).toBe(1);
  const [what = '', hint = '', ...more] = stderr.trimEnd().split('\n');
  expect(what).toMatch(/^kugetsu: forge\.test\/acme\/demo#1: cannot clone \S+: /);
  expect(what).toContain(reason);
  expect(hint).toMatch(/^ {2}\S/);
  expect(more).toEqual([]);
}

test('a path where nothing is', async () => {
  const world = await readyWorld();
  expectClearFailure(await startFrom(world, join(world.root, 'no', 'such.git')), 'there is no such repository');
  expect(await verdictOf(world)).toMatchObject({ class: 'repository_not_found', retryable: false });
  expect(
    readdirSync(join(world.home, 'repos')).filter((name) => name.includes('.git') && !name.endsWith('.lock')),
  ).toEqual([]);
  expect(await listedIssue(world)).toMatchObject({ worktree: null, session_id: null, state: 'idle' });
});

test('a server that is not there', async () => {
  const world = await readyWorld();
  const url = `http://127.0.0.1:${await closedPort()}/acme/demo.git`;
  expectClearFailure(await startFrom(world, url), 'the server cannot be reached');
  expect(await verdictOf(world)).toMatchObject({ class: 'repository_unreachable', retryable: true });
});

test('a server that knows no such repository', async () => {
  const world = await readyWorld();
  const url = `http://127.0.0.1:${await serverThatAnswers(404)}/acme/demo.git`;
  expectClearFailure(await startFrom(world, url), 'there is no such repository');
  expect((await verdictOf(world)).class).toBe('repository_not_found');
});

test('a server that wants credentials: nobody is asked for them', async () => {
  const world = await readyWorld();
  const url = `http://127.0.0.1:${await serverThatAnswers(401)}/acme/demo.git`;
  expectClearFailure(await startFrom(world, url), 'no access');
  expect(await verdictOf(world)).toMatchObject({ class: 'repository_no_access', retryable: false });
});

test('a server that wants credentials: no window of a desktop pops up either', async () => {
  const world = await readyWorld();
  const marker = join(world.root, 'asked');
  const askpass = join(world.root, 'askpass');
  writeFileSync(askpass, `#!/bin/sh\necho "$1" >> '${marker}'\n`);
  chmodSync(askpass, 0o755);
  const url = `http://127.0.0.1:${await serverThatAnswers(401)}/acme/demo.git`;
  for (const variable of ['GIT_ASKPASS', 'SSH_ASKPASS']) {
    world.env[variable] = askpass;
    expectClearFailure(await startFrom(world, url), 'no access');
    expect(existsSync(marker) ? `${variable}: ${readFileSync(marker, 'utf8')}` : 'nobody was asked').toBe(
      'nobody was asked',
    );
  }
});

test('credentials in a URL are printed nowhere', async () => {
  const world = await readyWorld();
  const url = `http://robot:s3cr3t@127.0.0.1:${await serverThatAnswers(401)}/acme/demo.git`;
  const outcome = await startFrom(world, url);
  expectClearFailure(outcome, 'no access');
  const { log } = await runOf(world);
  const shown = [outcome.stdout, outcome.stderr, readFileSync(log, 'utf8'), JSON.stringify(await verdictOf(world))];
  expect(shown.filter((text) => text.includes('s3cr3t'))).toEqual([]);
});

test('after a clone that failed the issue can be started again', async () => {
  const world = await readyWorld();
  const { stdout } = await startFrom(world, join(world.root, 'no', 'such.git'));
  expect(stdout).toBe('');
  succeeded(await startFrom(world, join(world.root, 'remotes', 'demo.git')));
  expect((await verdictOf(world)).class).toBe('ok');
  expect(processesOf(world.root).filter(({ command }) => command.startsWith('git'))).toEqual([]);
});
