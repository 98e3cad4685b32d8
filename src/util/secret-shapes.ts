/** What stands in the place of a secret. */
export const REDACTED = '[redacted]';

// Every pattern here begins at a fixed text or at a border, so that the time for a line grows with its length alone,
// whatever is in it. Borders are also escapes in a text that quotes another: of JSON, of a terminal, of a URL.
const ESCAPES = String.raw`\\[bfnrt]|\[[0-9;]{0,8}m|%[0-9A-Fa-f]{2}`;

const TOKENS: readonly string[] = [
  // GitHub, GitLab
  String.raw`gh[oprsu]_[A-Za-z0-9_]{6,}`,
  String.raw`github_pat_[A-Za-z0-9_]{6,}`,
  String.raw`gl(?:pat|ptt|dt|rt|cbt|ft|imt|agent|soat|oas)-[A-Za-z0-9_.-]{6,}`,
  // OpenAI, Anthropic and others that took the form over; ordinary words begin with sk-, too
  String.raw`sk-(?:proj|ant|or|svcacct|admin)-[A-Za-z0-9_-]{8,}`,
  String.raw`sk-(?=[A-Za-z]{0,60}[0-9])[A-Za-z0-9]{12,}`,
  String.raw`sk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{40,}`,
  // AWS, Google, Slack, Stripe, npm, PyPI, Hugging Face, DigitalOcean
  String.raw`(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])`,
  String.raw`AIza[A-Za-z0-9_-]{30,}`,
  String.raw`ya29\.[A-Za-z0-9_-]{20,}`,
  String.raw`xox[abeoprs]-[A-Za-z0-9-]{8,}`,
  String.raw`xapp-[A-Za-z0-9-]{8,}`,
  String.raw`[rs]k_(?:live|test)_[A-Za-z0-9]{8,}`,
  String.raw`npm_[A-Za-z0-9]{30,}`,
  String.raw`pypi-[A-Za-z0-9_-]{30,}`,
  String.raw`hf_[A-Za-z0-9]{20,}`,
  String.raw`dop_v1_[A-Za-z0-9]{20,}`,
];
const TOKEN = new RegExp(`(^|[^A-Za-z0-9]|${ESCAPES})(?:${TOKENS.join('|')})`, 'g');
const TOKEN_MARK =
  /gh[oprsu]_|github_pat_|gl[a-z]{2,5}-|sk-|AKIA|ASIA|AIza|ya29\.|xox|xapp-|k_(?:live|test)_|npm_|pypi-|hf_|dop_v1_/;

const WEB_TOKEN = new RegExp(
  String.raw`(^|[^A-Za-z0-9_-]|${ESCAPES})eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?`,
  'g',
);
const WEBHOOK =
  /(hooks\.slack\.com\/services\/|discord(?:app)?\.com\/api\/webhooks\/|api\.telegram\.org\/bot)[A-Za-z0-9/_:-]{8,}/g;
const AUTHORIZATION =
  /(authorization\\?["']?[:=][ \t]*\\?["']?(?:basic|bearer|digest|token)[ \t]+)(?!\[redacted\])[^\s"',;\\[\]]{4,}/gi;
const HEADER =
  /((?:authorization|private-token|job-token|x-api-key|x-auth-token)\\?["']?[:=][ \t]*\\?["']?)(?=[^\s"',;\\[\]]{0,60}[0-9])[^\s"',;\\[\]]{8,}/gi;
const BEARER = /(bearer[ \t]+)(?=[A-Za-z._~+/=-]{0,60}[0-9])[A-Za-z0-9._~+/=-]{12,}/gi;
const USERINFO = /:\/\/([^\s/?#"'<>\\`]*)@/g;
const LONGEST_PLAIN_USER = 15;
const ASSIGNMENT =
  /((?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIALS?)=\\?["']?)(?!\[redacted\])[^\s"'`$;&|<>(){}\\,]{6,}/g;
/** What a text has that one of the last four finds something in. */
const GIVEN_MARK = /[:=]|bearer/i;

/** `text` with everything redacted that has the form of a secret: tokens, private keys, passwords in URLs and headers. */
export function redactShapes(text: string): string {
  let result = redactPrivateKeys(text);
  if (TOKEN_MARK.test(result)) result = result.replace(TOKEN, `$1${REDACTED}`);
  if (result.includes('eyJ')) result = result.replace(WEB_TOKEN, `$1${REDACTED}`);
  if (result.includes('://')) result = result.replace(USERINFO, withoutUserinfo).replace(WEBHOOK, `$1${REDACTED}`);
  // Most lines of a long list have none of these.
  if (!GIVEN_MARK.test(result)) return result;
  for (const pattern of [AUTHORIZATION, HEADER, BEARER, ASSIGNMENT]) result = result.replace(pattern, `$1${REDACTED}`);
  return result;
}

/** Whether a value by itself is a secret by its beginning, however short it is. */
export function beginsLikeSecret(value: string): boolean {
  return /^(?:gh[oprsu]_|github_pat_|glpat-|sk-|xox[abeoprs]-|AKIA|-----BEGIN )/.test(value);
}

// A user alone may be a token over HTTP; ssh://git@host is none.
function withoutUserinfo(whole: string, userinfo: string, at: number, text: string): string {
  const overHttp = /https?$/i.test(text.slice(Math.max(0, at - 5), at));
  const secret = userinfo.includes(':') || (overHttp && userinfo.length > LONGEST_PLAIN_USER);
  return secret ? `://${REDACTED}@` : whole;
}

const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
const KEY_END = /-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
// A key that was cut off ends where its alphabet does.
const KEY_BODY = /(?:[A-Za-z0-9+/=\r\n]|\\[nr])*/y;
const LONGEST_KEY = 20_000;

function redactPrivateKeys(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text;
  const ends = [...text.matchAll(KEY_END)].map(({ 0: { length }, index }) => index + length);
  let result = '';
  let position = 0;
  let next = 0;
  for (const { 0: begin, index } of text.matchAll(KEY_BEGIN)) {
    if (index < position) continue;
    const from = index + begin.length;
    while ((ends[next] ?? Infinity) < from) next += 1;
    const end = ends[next];
    KEY_BODY.lastIndex = from;
    KEY_BODY.test(text);
    result += text.slice(position, index) + REDACTED;
    position = end !== undefined && end - from <= LONGEST_KEY ? end : KEY_BODY.lastIndex;
  }
  return result + text.slice(position);
}

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
