import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { delegate, queueWorld, tasks } from '../support/queue-world.ts';
import { postgresServer, type PostgresServer } from '../support/postgres-server.ts';
import { BUNDLE, calledBy, type World } from '../support/world.ts';

const PASSWORD = 'hunter2-is-no-password';

/** A server that takes connections over TCP with TLS and a password, or a certificate, alone. */
async function encrypted(): Promise<{ readonly server: PostgresServer; readonly port: number }> {
  const port = await freePort();
  const rules = [
    ['certified', 'cert'],
    ['all', 'scram-sha-256'],
  ] as const;
  const server = await postgresServer({ port, tls: { rules } });
  onTestFinished(async () => server.remove());
  server.restore(`alter role kugetsu password '${PASSWORD}'; create role certified login superuser;`);
  return { server, port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

type Joining = (host: string, options: string, login?: string) => Promise<string>;

/** What `fleet join` says to a way to the server: `ok`, or its exit code with its error. */
function joining(world: World, port: number): Joining {
  return async (host, options, login = `kugetsu:${PASSWORD}`) => {
    const { code, stdout, stderr } = await world.kugetsu(
      'fleet',
      'join',
      `postgres://${login}@${host}:${port}/postgres${options}`,
      '--name',
      'a',
    );
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD);
    return code === 0 ? 'ok' : `${code} ${stderr.split('\n')[0]?.replace('kugetsu: ', '')}`;
  };
}

const UNREACHED = "4 the fleet's queue cannot be reached: ";
const UNTRUSTED = `${UNREACHED}self-signed certificate; sslrootcert=PATH in the URL names one to trust`;
const OTHER_NAME = `${UNREACHED}Hostname/IP does not match certificate's altnames`;

// Many calls.
test('a host speaks to a server over TLS, and only to the one that its URL means', async () => {
  const { server, port } = await encrypted();
  const world = await queueWorld();
  const joins = joining(world, port);
  const file = (name: string): string => join(server.directory, name);
  const root = `sslrootcert=${file('server.crt')}`;
  for (const [host, options, expected, login] of [
    ['localhost', '?sslmode=verify-full', UNTRUSTED],
    ['localhost', `?sslrootcert=${file('stranger.crt')}`, UNTRUSTED],
    ['127.0.0.1', `?${root}`, OTHER_NAME],
    ['localhost', '?sslmode=disable', `${UNREACHED}this user may not connect from here`],
    ['localhost', `?${root}`, `${UNREACHED}wrong user or password`, 'kugetsu:wrong'],
    ['localhost', `?${root}`, `${UNREACHED}this user may not connect from here`, 'certified'],
    ['localhost', '?sslrootcert=/nowhere.crt', "3 the file /nowhere.crt that the fleet's URL names: ENOENT"],
    ['localhost', `?${root}`, 'ok'],
    ['127.0.0.1', `?${root}&sslmode=verify-ca`, 'ok'],
    ['127.0.0.1', '?sslmode=require', 'ok'],
    ['localhost', `?${root}&sslcert=${file('client.crt')}&sslkey=${file('client.key')}`, 'ok', 'certified'],
  ] as const) {
    const said = await joins(host, options, login);
    expect({ host, options, said }).toEqual({ host, options, said: expect.stringContaining(expected) });
  }
  const id = await delegate(world, 'hello');
  expect((await tasks(world)).map((task) => task.id)).toEqual([id]);
});

// Each of its calls starts Node.
test('so does the bundle for Node', async () => {
  const { server, port } = await encrypted();
  const joins = joining(calledBy(await queueWorld(), BUNDLE), port);
  const root = `?sslrootcert=${join(server.directory, 'server.crt')}`;
  expect(await joins('localhost', '?sslmode=verify-full')).toContain(UNTRUSTED);
  expect(await joins('127.0.0.1', root)).toContain(OTHER_NAME);
  expect(await joins('localhost', root)).toBe('ok');
});
