import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homeAt } from '../../../../src/domain/home.ts';
import { parseIssueRef } from '../../../../src/domain/issues/issue-ref.ts';
import { listRepositories } from '../../../../src/domain/servers/list-repositories.ts';
import { readRepos } from '../../../../src/domain/servers/repos-file.ts';
import { repositorySettings } from '../../../../src/domain/servers/repository-settings.ts';
import { AppError } from '../../../../src/util/errors.ts';
import { rawText } from '../../../../src/util/words.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kugetsu-repos-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const REF = parseIssueRef('github.com/acme/demo#1');
const GITHUB = { default: 'github', servers: { github: { url: 'https://github.com' } } };

function homeWith(repos: unknown, servers: unknown = GITHUB) {
  writeFileSync(join(root, 'repos.json'), JSON.stringify(repos));
  writeFileSync(join(root, 'servers.json'), JSON.stringify(servers));
  return { home: homeAt(root) };
}

async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`no refusal: ${String(error)}`);
}

describe('a key of repos.json', () => {
  test.each(['github.com/acme/demo', 'github/acme/demo', 'GitHub.com acme demo', 'acme/demo', 'acme demo'])(
    '%s means the repository that a ref written like it means',
    async (key) => {
      expect(await repositorySettings(homeWith({ [key]: { setup: 'make' } }), REF)).toEqual({
        setup: 'make',
        about: 'github.com/acme/demo',
      });
    },
  );

  test.each([
    'acme',
    'github.com/acme',
    'a/b/c/d',
    'github.com/acme/demo#',
    'github.com/acme/demo#1x',
    '../acme/demo',
    '',
  ])('%j that means nothing is an error that names it', async (key) => {
    const servers = { default: null, servers: {} };
    const error = await refusal(
      readRepos(homeWith({ 'github.com/acme/demo': 'x', [key]: { setup: 'make' } }, servers)),
    );
    expect(error.code).toBe('bad_repository_setting');
    expect(rawText(error.words)).toContain(`the key ${JSON.stringify(key)} `);
  });

  test('that is a comment stays one', async () => {
    const context = homeWith({ '//': 'mine', _note: 1, $schema: 'x', 'github.com/acme/demo': { setup: 'make' } });
    expect((await listRepositories(context)).map(({ repository }) => repository)).toEqual(['github.com/acme/demo']);
  });

  test('of an issue comes before that of its repository, setting by setting, unless it is another repository', async () => {
    const ofRepository = { url: '/r.git', setup: 'make', check: 'make test' };
    const repos = { 'github.com/acme/demo': ofRepository, 'github.com/acme/demo#1': { check: 'true' } };
    expect(await repositorySettings(homeWith(repos), REF)).toEqual({
      ...ofRepository,
      check: 'true',
      about: 'github.com/acme/demo',
    });
    const other = { ...repos, 'acme/demo#1': { url: '/i.git' } };
    const elsewhere = { 'github.com/acme/demo': ofRepository, 'acme/demo#1': other['acme/demo#1'] };
    expect(await repositorySettings(homeWith(elsewhere), REF)).toEqual({
      url: '/i.git',
      about: 'github.com/acme/demo#1',
    });
  });
});

describe('a value that can mean nothing', () => {
  test('is an error for its repository that names it, and none for others', async () => {
    const context = homeWith({ 'acme/demo': { setup: 5 }, 'acme/other': { setup: 'make' } });
    const error = await refusal(repositorySettings(context, REF));
    expect(error.code).toBe('bad_repository_setting');
    expect(rawText(error.words)).toContain('acme/demo: setup must be text');
    expect(error.hint).toBe('run: kugetsu repo show github.com/acme/demo');
    expect(await repositorySettings(context, { ...REF, repo: 'other' })).toMatchObject({ setup: 'make' });
  });

  test('is listed with what is sound beside it, without the credentials of the URL', async () => {
    const [listed] = await listRepositories(
      homeWith({ 'acme/demo': { url: 'https://me:secret@x.test/a.git', done_when: 'soon', setup: 'make', team: 1 } }),
    );
    expect(listed).toMatchObject({ key: 'acme/demo', settings: { url: 'https://x.test/a.git', setup: 'make' } });
    expect(listed?.others).toEqual(['team']);
    expect(listed?.problems.map(({ key }) => key)).toEqual(['done_when']);
  });
});
