// The two dialects that the double of opencode 2 speaks: that of 2.0.4 and later, and the early one of its previews.

const SESSION = '/api/session/{sessionID}';

/** name, operation id, method, path, the members of its body */
const LATER = [
  ['info', 'server.info', 'GET', '/api/info', []],
  [
    'create',
    'session.create',
    'POST',
    '/api/session',
    ['id', 'parentID', 'title', 'agent', 'model', 'location', 'metadata', 'permissions'],
  ],
  ['active', 'session.active', 'GET', '/api/session/active', []],
  ['list', 'session.list', 'GET', '/api/session', []],
  ['get', 'session.get', 'GET', SESSION, []],
  ['update', 'session.update', 'PATCH', SESSION, ['title', 'metadata', 'permissions']],
  ['remove', 'session.remove', 'DELETE', SESSION, []],
  ['fork', 'session.fork', 'POST', `${SESSION}/fork`, ['messageID']],
  ['move', 'session.move', 'POST', `${SESSION}/move`, ['directory', 'workspaceID']],
  [
    'prompt',
    'session.prompt',
    'POST',
    `${SESSION}/prompt`,
    ['id', 'text', 'files', 'agents', 'metadata', 'delivery', 'resume'],
  ],
  ['interrupt', 'session.interrupt', 'POST', `${SESSION}/interrupt`, []],
  ['messages', 'session.message.list', 'GET', `${SESSION}/message`, []],
  ['switchAgent', 'session.switchAgent', 'POST', `${SESSION}/agent`, ['agent']],
  ['switchModel', 'session.switchModel', 'POST', `${SESSION}/model`, ['model']],
  ['asks', 'session.permission.list', 'GET', `${SESSION}/permission`, []],
  ['answer', 'session.permission.reply', 'POST', `${SESSION}/permission/{requestID}/reply`, ['decision', 'message']],
  ['forms', 'session.form.list', 'GET', `${SESSION}/form`, []],
  ['cancelForm', 'session.form.cancel', 'DELETE', `${SESSION}/form/{formID}`, []],
  ['agents', 'agent.list', 'GET', '/api/agent', []],
  [
    'instruct',
    'experimental.session.instructions.entry.put',
    'PUT',
    `/api/experimental/session/{sessionID}/instructions/entries/{key}`,
    ['value'],
  ],
  ['events', 'event.subscribe', 'GET', '/api/event', []],
];

const EARLIER = {
  info: ['info', 'v2.health.get', 'GET', '/api/health', []],
  create: ['create', 'v2.session.create', 'POST', '/api/session', ['id', 'agent', 'model', 'location']],
  update: ['update', 'v2.session.rename', 'POST', `${SESSION}/rename`, ['title']],
  messages: ['messages', 'v2.message.list', 'GET', `${SESSION}/message`, []],
  answer: [
    'answer',
    'v2.session.permission.reply',
    'POST',
    `${SESSION}/permission/{requestID}/reply`,
    ['reply', 'message'],
  ],
  cancelForm: ['cancelForm', 'v2.session.form.cancel', 'POST', `${SESSION}/form/{formID}/cancel`, []],
  instruct: [
    'instruct',
    'v2.session.instructions.entry.put',
    'PUT',
    `${SESSION}/instructions/entries/{key}`,
    ['value'],
  ],
};

/** What a server of one of the dialects can be asked. */
export function operationsOf(isEarly) {
  const early = ([name, id, ...rest]) => EARLIER[name] ?? [name, `v2.${id}`, ...rest];
  return LATER.map((entry) => (isEarly ? early(entry) : entry)).map(([name, id, method, path, members]) => {
    const pattern = new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, '([^/]+)')}$`);
    return { name, id, method, path, members, pattern };
  });
}

/** Its document of the interface, with references as opencode's has them. */
export function openApiOf(operations) {
  const paths = {};
  const schemas = {};
  for (const { id, method, path, members } of operations) {
    const reference = `${id}.body`;
    schemas[reference] = { type: 'object', properties: Object.fromEntries(members.map((name) => [name, {}])) };
    const content = { 'application/json': { schema: { $ref: `#/components/schemas/${reference}` } } };
    const body = members.length === 0 ? {} : { requestBody: { content } };
    paths[path] = { ...paths[path], [method.toLowerCase()]: { operationId: id, ...body } };
  }
  return { openapi: '3.1.0', paths, components: { schemas } };
}
