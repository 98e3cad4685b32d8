import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { calledBy, BUNDLE, processesOf, run, until } from '../support/world.ts';
import { fakeWorld, issue, listedIssue, readyWorld, REF, runOf, succeeded, verdictOf } from '../support/fake-world.ts';
import { delegate, enqueue, give, queueWorld, task, tasks, waitsFor } from '../support/queue-world.ts';
import { httpRequest, startWeb, type Live, type WebPage } from '../support/web-page.ts';

interface Line {
  readonly kind: string;
  readonly text: string;
}

interface Fleet {
  readonly daemon: boolean;
  readonly paused: boolean;
  readonly agents: readonly {
    readonly name: string;
    readonly state: string;
    readonly run: string;
    readonly live: boolean;
  }[];
  readonly tasks: readonly { readonly id: string; readonly state: string; readonly why: string | null }[];
  readonly notes: readonly { readonly message: string; readonly read: boolean }[];
}

const fleetOf = (live: Live): Fleet | undefined => live.events('fleet').at(-1) as Fleet | undefined;

const linesOf = (live: Live): Line[] =>
  live.events('log').flatMap((event) => (event as { readonly lines: readonly Line[] }).lines);

/** The fleet as soon as it is as `condition` asks. */
async function fleetThat(live: Live, condition: (fleet: Fleet) => boolean): Promise<Fleet> {
  return until('the page is told', () => {
    const fleet = fleetOf(live);
    return fleet !== undefined && condition(fleet) && fleet;
  });
}

const said = async (page: WebPage, wish: object): Promise<string> => {
  const { status, text } = await page.order(wish);
  return `${status} ${(JSON.parse(text) as { readonly said?: string; readonly error?: string }).said ?? text}`;
};

test('the token is exchanged for a cookie and leaves the address; without either nothing is shown', async () => {
  const page = await startWeb(fakeWorld());
  const { port, base, token, cookie } = page;
  const entered = await httpRequest(port, `/?token=${token}`);
  expect(entered).toMatchObject({ status: 303, headers: { location: base } });
  expect(entered.headers['set-cookie']).toEqual([
    expect.stringMatching(new RegExp(`^kugetsu=\\S+; Path=${base}; HttpOnly; SameSite=Strict; Max-Age=\\d+$`)),
  ]);
  expect(await page.ask('')).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  const without: readonly (readonly [string, string | undefined, number])[] = [
    ['/', undefined, 401],
    ['/?token=', undefined, 403],
    [`/?token=${token.slice(1)}`, undefined, 403],
    [base, undefined, 401],
    [base, `${cookie}x`, 401],
    [`${base}app.js`, undefined, 401],
    [`${base}api/live`, undefined, 401],
    [`${base}api/receipt?of=${encodeURIComponent(REF)}`, `kugetsu=${token}`, 401],
    ['/api/live', cookie, 404],
    ['/etc/passwd', cookie, 404],
    [`${base}../../etc/passwd`, cookie, 404],
    [`${base}nothing`, cookie, 404],
  ];
  for (const [path, given, status] of without) {
    const answer = await httpRequest(port, path, { headers: { cookie: given } });
    expect({ path, status: answer.status }).toEqual({ path, status });
    expect(answer.text.length).toBeLessThan(200);
  }
  expect((await httpRequest(port, `${base}api/do`, { method: 'POST', body: '{"verb":"pause"}' })).status).toBe(401);
});

test('every answer forbids what is inline, from elsewhere, in a frame, or kept', async () => {
  const page = await startWeb(fakeWorld());
  const names = ['', 'app.js', 'app.css', 'api/figures', 'nothing'];
  const answers = [...(await Promise.all(names.map(async (name) => page.ask(name)))), await page.order({})];
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; style-src 'self';/),
    });
  }
  const [index] = answers;
  expect(index?.text).not.toMatch(
    / on[a-z]+=|<style|style=|<script(?! type="module" src="app.js">)|https?:\/\/(?!www\.w3)/,
  );
});

test('a name that somebody has bound to this address, and a page of another origin, are refused', async () => {
  const world = await readyWorld();
  const page = await startWeb(world, '--name', 'kugetsu.lan');
  const { port } = page;
  const host = (name: string): { headers: Record<string, string> } => ({ headers: { host: name } });
  expect((await page.ask('', host(`evil.example:${port}`))).status).toBe(421);
  expect((await page.ask('', host('localhost:1'))).status).toBe(421);
  expect((await page.ask('', host(`localhost:${port}`))).status).toBe(200);
  expect((await page.ask('', host('kugetsu.lan'))).status).toBe(200);
  const foreign = [
    { origin: undefined },
    { origin: 'http://evil.example' },
    { origin: `http://127.0.0.1:${port + 1}` },
    { 'sec-fetch-site': 'same-site' },
    { 'content-type': 'text/plain' },
  ];
  for (const headers of foreign) expect((await page.order({ verb: 'pause' }, headers)).status).toBe(403);
  expect((await page.ask('api/do', { method: 'GET' })).status).toBe(404);
  expect((await page.ask('api/do', { method: 'DELETE' })).status).toBe(405);
  const status = JSON.parse(succeeded(await world.kugetsu('watch', '--once', '--json')).stdout) as { holds: unknown };
  expect(JSON.stringify(status.holds)).not.toContain('paused');
});

test('an order that is none, or too long, is refused in words', async () => {
  const page = await startWeb(fakeWorld());
  for (const wish of [{}, [], { verb: 'destroy' }, { verb: 'stop' }, { verb: 'delegate', message: 7 }]) {
    expect(await page.order(wish)).toMatchObject({
      status: 400,
      text: expect.stringContaining('does not know that order'),
    });
  }
  const long = await page.order({ verb: 'delegate', message: 'x'.repeat(70_000) });
  expect(long).toMatchObject({ status: 413, text: expect.stringContaining('too long') });
  expect(await page.order({ verb: 'delegate', message: ' ' })).toMatchObject({ status: 400 });
  expect(await page.order({ verb: 'stop', what: issue(9) })).toMatchObject({
    status: 422,
    text: expect.stringContaining('there is no session for'),
  });
});

// It waits for two agents, and for the end of one.
test('each verb of the page does what the command does, and the page is told', async () => {
  const world = await queueWorld();
  const page = await startWeb(world);
  const live = page.live();
  expect(await said(page, { verb: 'pause' })).toContain('200 the queue is paused');
  await fleetThat(live, ({ paused }) => paused);
  expect(await said(page, { verb: 'resume' })).toBe('200 the queue goes on');
  await fleetThat(live, ({ paused }) => !paused);
  const queued = JSON.parse((await page.order({ verb: 'delegate', message: 'hello' })).text) as { task: string };
  await fleetThat(live, ({ tasks: all }) => all.some(({ id, state }) => id === queued.task && state === 'pending'));
  expect(task(world, queued.task)).toMatchObject({ type: 'pm', message: 'hello', parent: null });
  expect(await said(page, { verb: 'cancel', task: queued.task })).toBe(`200 cancelled ${queued.task}`);
  expect(task(world, queued.task)).toMatchObject({ state: 'error', failure: { class: 'cancelled' } });
  expect(await said(page, { verb: 'retry', task: queued.task })).toBe(`200 queued as ${queued.task}`);
  expect((await tasks(world)).map(({ state }) => state)).toEqual(['pending']);
  expect(await said(page, { verb: 'read' })).toMatch(/^200 marked \d notifications? as read$/);
  await fleetThat(live, ({ notes }) => notes.length > 0 && notes.every(({ read }) => read));
  succeeded(await world.kugetsu('start', REF, 'fake: reply hello', '--follow'));
  expect(await said(page, { verb: 'continue', ref: REF, message: waitsFor(world, 'go') })).toContain('goes on');
  await fleetThat(live, ({ agents }) => agents.some(({ name, live: isLive }) => name === REF && isLive));
  expect(await page.order({ verb: 'continue', ref: REF, message: 'again' })).toMatchObject({ status: 409 });
  expect(await said(page, { verb: 'stop', what: REF })).toContain('stopped');
  expect(await verdictOf(world)).toMatchObject({ outcome: 'stopped' });
  await fleetThat(live, ({ agents }) => agents.some(({ state }) => state.startsWith('stopped')));
});

test('without a free slot a message waits in the queue', async () => {
  const world = await queueWorld({ MAX_CONCURRENT_AGENTS: '1' });
  succeeded(await world.kugetsu('start', REF, 'fake: reply hello', '--follow'));
  succeeded(await world.kugetsu('start', issue(2), waitsFor(world, 'go')));
  const page = await startWeb(world);
  expect(await said(page, { verb: 'continue', ref: REF, message: 'hello' })).toMatch(
    /^200 no agent slot is free: queued/,
  );
  expect(await tasks(world)).toMatchObject([{ issue_ref: REF, message: 'hello', state: 'pending' }]);
  give(world, 'go');
  await verdictOf(world, issue(2));
});

test('the log of a run is followed while it grows, to its end', async () => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  const page = await startWeb(world);
  const { id } = await runOf(world);
  const live = page.live(`?log=${id}`);
  await until('it has begun', () => linesOf(live).some(({ text }) => text.startsWith('at work: ')));
  expect(live.events('log-end')).toEqual([]);
  give(world, 'go');
  await until('it has ended', () => live.events('log-end').length > 0);
  expect(linesOf(live).map(({ kind }) => kind)).toEqual(expect.arrayContaining(['told', 'tool', 'said', 'end']));
  // The fleet goes on.
  await fleetThat(live, ({ agents }) => agents.some(({ name, live: isLive }) => name === REF && !isLive));
  const none = page.live('?log=r_0mwyczya8qievyq2a');
  await until('it says so', () => none.events('log-failed').length > 0);
  expect(none.events('log-failed')).toMatchObject([{ error: 'there is no run r_0mwyczya8qievyq2a' }]);
});

test('diff and receipt of an issue are there, and figures', async () => {
  const world = await readyWorld();
  const work = 'echo one > "a b.txt"; git add .; git commit -qm "Add <b>a</b>"';
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  const page = await startWeb(world);
  const of = `?of=${encodeURIComponent(REF)}`;
  expect(JSON.parse((await page.ask(`api/diff${of}`)).text)).toMatchObject({
    ref: REF,
    commits: [{ subject: 'Add <b>a</b>' }],
    text: expect.stringContaining('+one'),
    cut: false,
  });
  expect(JSON.parse((await page.ask(`api/receipt${of}`)).text)).toMatchObject({
    issue_ref: REF,
    outcome: 'succeeded',
    result: expect.stringContaining('1 commit ahead'),
  });
  const figures = JSON.parse((await page.ask('api/figures')).text) as { readonly days: readonly object[] };
  expect(figures).toMatchObject({ total: { runs: 1, cost: 0.002 }, issues: [{ key: REF, runs: 1 }] });
  expect(figures.days.at(-1)).toMatchObject({ runs: 1, succeeded: 1 });
  expect(figures.days.length).toBeGreaterThanOrEqual(30);
  expect(await page.ask('api/diff?of=%24%28reboot%29')).toMatchObject({
    status: 400,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
});

test('no answer has a secret, whatever an agent says, runs, commits and is told', async () => {
  const secret = 'pa55-of-the-deploy-host';
  const world = await queueWorld();
  const set = { cwd: world.project, env: world.env, input: `${secret}\n` };
  for (const agent of ['dev-agent', 'pm-agent'])
    succeeded(await run([...world.command, 'env', 'set', 'DEPLOY_PASSWORD', '-', agent], set));
  const work = `echo ${secret} > "${secret}.txt"; git add .; git commit -qm "Use ${secret}"; echo ${secret}; sleep 0.2`;
  succeeded(await world.kugetsu('start', REF, `fake: sh ${work}`, '--follow'));
  await delegate(world, `the password is ${secret}`);
  await enqueue(world, `use ${secret}`, issue(2));
  succeeded(await world.kugetsu('notify', 'send', `it is ${secret}`));
  const page = await startWeb(world);
  const live = page.live(`?log=${(await listedIssue(world)).run?.id ?? ''}`);
  await until('the log was shown', () => live.events('log-end').length > 0);
  await fleetThat(live, ({ tasks: all }) => all.length === 2);
  const of = `?of=${encodeURIComponent(REF)}`;
  const answers = [
    live.text(),
    ...(await Promise.all(
      [`api/diff${of}`, `api/receipt${of}`, 'api/figures'].map(async (path) => (await page.ask(path)).text),
    )),
    (await page.order({ verb: 'stop', what: secret })).text,
    (await page.order({ verb: 'cancel', task: secret })).text,
  ];
  for (const text of answers) expect(text).not.toContain(secret);
  expect(answers[1]).toContain('[redacted]');
});

test('a port that is taken is said in one line, with what to do', async () => {
  const world = fakeWorld();
  const taken = createServer();
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  expect(await world.kugetsu('web', '--port', port)).toEqual({
    code: 4,
    stdout: '',
    stderr: `kugetsu: something listens on 127.0.0.1 port ${port} already\n  end that, or for another port (0 is any that is free), run: kugetsu web --port N\n`,
  });
  taken.close();
});

test.each([
  ['--port', '70000'],
  ['--port', 'http'],
  ['--listen', 'example.org'],
  ['--name', 'http://kugetsu.lan'],
])('web %s %s is a mistake', async (...args) => {
  const { code, stdout, stderr } = await fakeWorld().kugetsu('web', ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^kugetsu: not /);
});

test('an address that this machine has not is said to be none', async () => {
  const outcome = await fakeWorld().kugetsu('web', '--listen', '192.0.2.1', '--port', '0');
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('this machine has no such address') });
});

test('whoever lets other machines reach it is told what that means', async () => {
  const page = await startWeb(fakeWorld(), '--listen', '0.0.0.0');
  await until('it is said', () => page.said().includes('ssh -L'));
  expect(page.said()).toContain('can be reached from other machines, and nothing is encrypted');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it, with the pages that are open, and no agent', async (signal) => {
  const world = await queueWorld();
  succeeded(await world.kugetsu('start', REF, waitsFor(world, 'go')));
  const page = await startWeb(world);
  const live = page.live();
  await until('a page is open', () => fleetOf(live) !== undefined);
  expect(await page.stop(signal)).toBe(0);
  await until('the stream has ended', () => live.hasEnded());
  expect(processesOf(world.root).filter(({ command }) => / web /.test(command))).toEqual([]);
  expect((await runOf(world)).verdict).toBeNull();
  give(world, 'go');
  await verdictOf(world);
});

test('as many pages may be open as are useful, and one that leaves makes room', async () => {
  const page = await startWeb(fakeWorld());
  const streams = Array.from({ length: 24 }, () => page.live());
  await until('all are open', () => streams.every((live) => live.events('fleet').length > 0));
  expect((await page.ask('api/live')).status).toBe(503);
  streams[0]?.close();
  await until('there is room', async () => {
    const live = page.live();
    await until('it is answered', () => live.status() !== undefined);
    return live.status() === 200;
  });
});

test('a token that is kept holds over a restart, is not printed, and is for its user alone', async () => {
  const world = fakeWorld();
  const file = join(world.home, 'web-token');
  const first = await startWeb(world, '--keep-token');
  expect(first.url).toBe(`http://127.0.0.1:${first.port}/`);
  const token = readFileSync(file, 'utf8').trim();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(first.said()).not.toContain(token);
  const { headers } = await httpRequest(first.port, `/?token=${token}`);
  const cookie = headers['set-cookie']?.[0]?.split(';')[0];
  await first.stop();
  const second = await startWeb(world, '--keep-token');
  const answer = await httpRequest(second.port, headers.location ?? '', { headers: { cookie } });
  expect(answer.status).toBe(200);
  expect(readFileSync(file, 'utf8').trim()).toBe(token);
});

test('the bundle for Node shows the page, too', async () => {
  const world = calledBy(fakeWorld(), BUNDLE);
  const page = await startWeb(world);
  const live = page.live();
  await fleetThat(live, ({ daemon }) => !daemon);
  expect(await page.ask('app.js')).toMatchObject({ status: 200, text: expect.stringContaining('import ') });
  expect(await page.stop()).toBe(0);
});
