import { describe, expect, test } from 'vitest';
import { Contract } from '../../../../src/adapters/opencode2/contract.ts';
import { openApiOf, operationsOf } from '../../../support/opencode2-wire.mjs';

const contractOf = (isEarly: boolean, without: readonly string[] = []): Contract =>
  new Contract(openApiOf(operationsOf(isEarly).filter(({ name }) => !without.includes(name))));

describe('what a server can do is looked up in its own document', () => {
  test.each([
    ['2.0.4 and later', false],
    ['a preview', true],
  ])('in the dialect of %s nothing is lacking', (_name, isEarly) => {
    expect(contractOf(isEarly).lacking()).toEqual([]);
  });

  test('the later dialect keeps rules, updates, and takes a decision', () => {
    const contract = contractOf(false);
    expect(contract.keepsRules).toBe(true);
    expect(contract.question('update', ['ses_1'])).toEqual({ method: 'PATCH', path: '/api/session/ses_1' });
    expect(contract.takes('answer', 'decision')).toBe(true);
    expect(contract.has('rename')).toBe(false);
    expect(contract.question('cancelForm', ['ses_1', 'frm_1'])).toEqual({
      method: 'DELETE',
      path: '/api/session/ses_1/form/frm_1',
    });
  });

  test('the early one renames, keeps no rules, and takes a reply', () => {
    const contract = contractOf(true);
    expect(contract.keepsRules).toBe(false);
    expect(contract.has('update')).toBe(false);
    expect(contract.question('rename', ['ses_1'])).toEqual({ method: 'POST', path: '/api/session/ses_1/rename' });
    expect(contract.takes('answer', 'decision')).toBe(false);
    expect(contract.question('cancelForm', ['ses_1', 'frm_1'])).toEqual({
      method: 'POST',
      path: '/api/session/ses_1/form/frm_1/cancel',
    });
  });

  test.each(['fork', 'move', 'interrupt', 'asks', 'messages'])('without %s, that is lacking', (name) => {
    const [lacking, ...more] = contractOf(false, [name]).lacking();
    expect(lacking).toMatch(/^session\./);
    expect(more).toEqual([]);
  });

  test('one way to give a title is enough, and instructions may be missing', () => {
    expect(contractOf(false, ['instruct']).lacking()).toEqual([]);
    expect(contractOf(false, ['update']).lacking()).toEqual(['session.update']);
  });

  test('a value cannot change the path', () => {
    expect(contractOf(false).question('get', ['../../x?y']).path).toBe('/api/session/..%2F..%2Fx%3Fy');
  });

  test.each([[undefined], ['<!doctype html>'], [{ openapi: '3.1.0' }]])('%j is no document', (document) => {
    expect(() => new Contract(document)).toThrow('no OpenAPI document');
  });

  test('references that go round in circles come to an end', () => {
    const schema = { $ref: '#/components/schemas/A' };
    const body = { content: { 'application/json': { schema } } };
    const paths = { '/x': { post: { operationId: 'session.create', requestBody: body } } };
    const contract = new Contract({ openapi: '3', paths, components: { schemas: { A: { anyOf: [schema] } } } });
    expect(contract.takes('create', 'permissions')).toBe(false);
  });
});
