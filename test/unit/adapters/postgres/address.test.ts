import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseServerAddress } from '../../../../src/adapters/postgres/address.ts';
import { type AppError, messageOf } from '../../../../src/util/errors.ts';

const protectionOf = (rest: string): string => parseServerAddress(`postgres://me@${rest}`).protection;

test.each([
  // Another machine has to prove that it is the one that is meant.
  ['db.example/kugetsu', 'verify-full'],
  ['10.0.0.7/kugetsu', 'verify-full'],
  ['[2001:db8::1]/kugetsu', 'verify-full'],
  ['1270.example/kugetsu', 'verify-full'],
  ['localhost.example/kugetsu', 'verify-full'],
  // Nobody is on the way to this one.
  ['localhost/kugetsu', 'disable'],
  ['127.0.0.1:6432/kugetsu', 'disable'],
  ['[::1]/kugetsu', 'disable'],
  ['/kugetsu?host=/run/postgresql', 'disable'],
  // Who names certificates wants them looked at.
  ['localhost/kugetsu?sslrootcert=/ca.crt', 'verify-full'],
  ['db.example/kugetsu?sslmode=require&sslrootcert=/ca.crt', 'verify-ca'],
  ['db.example/kugetsu?sslmode=require', 'require'],
  ['db.example/kugetsu?sslmode=disable', 'disable'],
  ['db.example/kugetsu?sslmode=verify-ca', 'verify-ca'],
])('the connection to %s is protected by %s', (rest, expected) => {
  expect(protectionOf(rest)).toBe(expected);
});

test('a URL has all that is known of a server', () => {
  const url =
    'postgresql://me%40work:a%2Fb%3Ac@db.example:6432/my%20base?sslcert=/c.crt&sslkey=/c.key&sslrootcert=system&schema=team_a';
  expect(parseServerAddress(url)).toEqual({
    host: 'db.example',
    port: 6432,
    database: 'my base',
    user: 'me@work',
    password: 'a/b:c',
    protection: 'verify-full',
    rootCertificates: undefined,
    certificate: '/c.crt',
    key: '/c.key',
    schema: 'team_a',
    shown: 'db.example:6432',
  });
  expect(parseServerAddress('postgres://me@/kugetsu?host=/run/postgresql')).toMatchObject({
    host: '/run/postgresql',
    port: 5432,
    password: undefined,
    schema: 'kugetsu',
    shown: '/run/postgresql',
  });
});

const SECRET = 'hunter2-is-no-password';

test.each([
  'mysql://me:SECRET@db/kugetsu',
  'postgres://:SECRET@db/kugetsu',
  'postgres://me:SECRET@/kugetsu',
  'postgres://me:SECRET@db/',
  'postgres://me:SECRET@db:0/kugetsu',
  'postgres://me:SECRET@db:65536/kugetsu',
  'postgres://me:SECRET%@db/kugetsu',
  'postgres://me:SECRET@db/kugetsu?sslmode=prefer',
  'postgres://me:SECRET@db/kugetsu?sslmode=allow',
  'postgres://me:SECRET@db/kugetsu?options=-csearch_path',
  'postgres://me:SECRET@db/kugetsu?schema=pg_catalog',
  'postgres://me:SECRET@db/kugetsu?schema=a"b',
])('%s is refused without saying the password', (url) => {
  let error: unknown;
  try {
    parseServerAddress(url.replace('SECRET', SECRET));
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ code: 'usage', exit: 2 });
  expect(`${messageOf(error)} ${(error as AppError).hint}`).not.toContain(SECRET);
});

test('whatever a user, a password and a database are called, a URL says it', () => {
  const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
  // A path of a URL goes up at two dots, however they are written.
  const database = name.filter((each) => !/^\.{1,2}$/.test(each));
  fc.assert(
    fc.property(name, name, database, (user, password, base) => {
      const [one, two, three] = [user, password, base].map((each) => encodeURIComponent(each));
      const found = parseServerAddress(`postgres://${one}:${two}@db.example/${three}`);
      expect(found).toMatchObject({ user, password, database: base, shown: 'db.example:5432' });
    }),
  );
});
