// Words of a variable's name, or parts of them, that say that its value is secret.
const SECRET_PART = /TOKEN(?!I[SZ])|SECRET|PASSW(?:OR)?D|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL/;
const SECRET_WORDS = new Set(['AUTH', 'AUTHORIZATION', 'COOKIE', 'KEY', 'KEYS', 'PASS', 'PAT', 'PWD']);
const PUBLIC_WORDS = new Set(['PUBLIC', 'PUB', 'MAX', 'MIN', 'LIMIT', 'NUM', 'BUDGET']);
// What the name speaks about in the end: the place, kind or size of a secret is none.
const HARMLESS_ENDS = new Set(
  (
    'COUNT DIR DIRECTORY ENABLED ENDPOINT EXPIRY FILE FORMAT HOST ID LENGTH METHOD ' +
    'MODE NAME PATH PORT PROVIDER SOCK SOCKET TIMEOUT TTL TYPE URI URL USER'
  ).split(' '),
);
// The shell's own.
const DIRECTORIES = new Set(['PWD', 'OLDPWD']);

/** Whether a variable of this name is expected to hold a secret: `GITEA_TOKEN`, `DB_PASS`, `npm_config__authToken`. */
export function isSecretKey(key: string): boolean {
  const name = key.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
  const words = name.split('_').filter((word) => word !== '');
  if (DIRECTORIES.has(name) || HARMLESS_ENDS.has(words.at(-1) ?? '')) return false;
  if (words.some((word) => PUBLIC_WORDS.has(word))) return false;
  return SECRET_PART.test(name) || words.some((word) => SECRET_WORDS.has(word));
}
