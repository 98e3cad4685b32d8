import { expect, test } from 'vitest';
import { isSecretKey, redactShapes } from '../../../src/util/secret-shapes.ts';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\nAAAA=\n-----END OPENSSH PRIVATE KEY-----';

test.each([
  ['ghp_16C7e42F292c6912E7710c838347Ae178B4a', '[redacted]'],
  ['see gho_abcdef123456, ghs_abcdef123456', 'see [redacted], [redacted]'],
  ['github_pat_11ABCDEFG0_abcdefghij', '[redacted]'],
  ['"glpat-xxYYzz123456789-abcd"', '"[redacted]"'],
  ['sk-proj-abcdefgh12345678_-x', '[redacted]'],
  ['sk-ant-api03-abcdefgh12345678', '[redacted]'],
  ['sk-abcdefgh12345678abcdefgh12345678', '[redacted]'],
  ['id AKIAIOSFODNN7EXAMPLE.', 'id [redacted].'],
  ['xoxb-123456789012-abcdefABCDEF', '[redacted]'],
  ['https://hooks.slack.com/services/T00/B00/XXXX', 'https://hooks.slack.com/services/[redacted]'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN', '[redacted]'],
  ['Authorization: Bearer abc', 'Authorization: Bearer abc'],
  ['Authorization: Bearer abcd1234', 'Authorization: Bearer [redacted]'],
  ['authorization: basic dXNlcjpwYXNz', 'authorization: basic [redacted]'],
  ['PRIVATE-TOKEN: 0123456789abcdef', 'PRIVATE-TOKEN: [redacted]'],
  ['curl -H "bearer 0123456789abcdef"', 'curl -H "bearer [redacted]"'],
  ['https://user:pass@host/x', 'https://[redacted]@host/x'],
  ['https://user:p@ss@host/x', 'https://[redacted]@host/x'],
  ['https://0123456789abcdef:x-oauth-basic@host', 'https://[redacted]@host'],
  ['https://0123456789abcdef@host', 'https://[redacted]@host'],
  ['postgres://me:secret@db:5432/x', 'postgres://[redacted]@db:5432/x'],
  ['GITEA_TOKEN=0123456789abcdef', 'GITEA_TOKEN=[redacted]'],
  ['export DB_PASSWORD="hunter2hunter2"', 'export DB_PASSWORD="[redacted]"'],
  [`before ${KEY} after`, 'before [redacted] after'],
  [JSON.stringify({ key: KEY }), '{"key":"[redacted]"}'],
  ['-----BEGIN PRIVATE KEY-----\nMIIEvQ', '[redacted]'],
  // Right after an escape: of JSON in a text, of a terminal, of a URL.
  [String.raw`{"a":"x\nghp_abcdef123456"}`, String.raw`{"a":"x\n[redacted]"}`],
  ['\u001B[32mghp_abcdef123456', '\u001B[32m[redacted]'],
  ['?q=%3Dghp_abcdef123456', '?q=%3D[redacted]'],
])('%j becomes %j', (text, redacted) => {
  expect(redactShapes(text)).toBe(redacted);
});

test.each([
  'class="sk-estimator-doc-link" sk-container-id-1 task-12345678901234567890',
  'highp_vec4_long_name; a desk-lamp; risk-1234567890123456',
  'ssh://git@host:22/x git@host:x https://user@host http://localhost:3000, me@example.com',
  'TOKEN=$GITEA_TOKEN TOKEN=$(cat file) TOKEN= const token = getToken()',
  'the bearer authentication scheme; authorization: string',
  'a -----BEGIN PUBLIC KEY----- is public',
  'eyJhbGciOiJIUzI1NiJ9 alone',
])('%j stays', (text) => {
  expect(redactShapes(text)).toBe(text);
});

test.each(
  (
    'TOKEN GITEA_TOKEN GITHUB_TOKEN token githubToken npm_config__authToken SECRET CLIENT_SECRET PASSWORD DB_PASSWD DB_PASS ' +
    'API_KEY OPENAI_API_KEY APIKEY STRIPE_KEY PRIVATE_KEY SSH_PRIVATE_KEY AWS_SECRET_ACCESS_KEY CREDENTIAL AWS_CREDENTIALS ' +
    'AUTH NPM_AUTH GH_PAT MYSQL_PWD GPG_PASSPHRASE SESSION_COOKIE ACCESS_TOKENS'
  ).split(' '),
)('%s names a secret', (key) => {
  expect(isSecretKey(key)).toBe(true);
});

test.each(
  (
    'PATH HOME PWD OLDPWD NODE_ENV SSH_AUTH_SOCK XAUTHORITY GIT_ASKPASS MAX_TOKENS MAX_OUTPUT_TOKENS TOKENIZERS_PARALLELISM ' +
    'PUBLIC_KEY TOKEN_FILE SECRETS_DIR KEYBOARD MONKEY AUTHOR GIT_AUTHOR_NAME KUGETSU_DIR PASSENGER AWS_REGION AUTH_TYPE'
  ).split(' '),
)('%s names none', (key) => {
  expect(isSecretKey(key)).toBe(false);
});
