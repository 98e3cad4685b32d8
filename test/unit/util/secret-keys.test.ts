import { expect, test } from 'vitest';
import { isSecretKey } from '../../../src/util/secret-keys.ts';

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
