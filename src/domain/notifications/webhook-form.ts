import type { Notification } from './notification-schema.ts';

/** Whose API a webhook speaks; `kugetsu` is the notification as it is. */
export const WEBHOOK_FORMS = ['kugetsu', 'slack', 'discord', 'ntfy', 'telegram'] as const;
export type WebhookForm = (typeof WEBHOOK_FORMS)[number];

/** Where a webhook is, and what it takes. */
export interface Webhook {
  readonly url: URL;
  readonly form: WebhookForm;
}

const NAMED_FORM = /^(kugetsu|slack|discord|ntfy|telegram)\+(?=https?:)/;

/**
 * The webhook that NOTIFY_WEBHOOK_URL names: the form is that of its host or path, or the one before a `+`
 * (`ntfy+https://push.example.com/topic`).
 *
 * @returns undefined for what is no http or https URL
 */
export function webhookOf(text: string): Webhook | undefined {
  const named = WEBHOOK_FORMS.find((form) => form === NAMED_FORM.exec(text)?.[1]);
  const address = text.replace(NAMED_FORM, '');
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return { url, form: named ?? formOf(url) };
}

function formOf({ hostname, pathname }: URL): WebhookForm {
  if (hostname === 'hooks.slack.com' || hostname === 'hooks.slack-gov.com') return 'slack';
  if (/(?:^|\.)discord(?:app)?\.com$/.test(hostname) && pathname.startsWith('/api/webhooks/')) return 'discord';
  if (hostname === 'ntfy.sh' || hostname.startsWith('ntfy.')) return 'ntfy';
  return /^\/bot[^/]+\/sendMessage$/.test(pathname) ? 'telegram' : 'kugetsu';
}

/** What a program gets of a notification, whichever way. */
export type Told = Pick<Notification, 'id' | 'timestamp' | 'type' | 'message' | 'issue_ref' | 'task'>;

export function toldOf({ id, timestamp, type, message, issue_ref, task }: Told): Told {
  return { id, timestamp, type, message, issue_ref, task };
}

/** A notification's headline: `task completed: github.com/shoko/kugetsu#14`. */
export function headline({ type, issue_ref, task }: Told): string {
  const subject = issue_ref ?? task;
  const what = type.replaceAll('_', ' ');
  return subject === null ? what : `${what}: ${subject}`;
}

/** A request with a JSON body. */
interface Post {
  readonly url: URL;
  readonly body: unknown;
}

/** The request that tells a webhook of a notification. Whatever an agent wrote addresses nobody and formats nothing. */
export function postOf(webhook: Webhook, told: Told): Post {
  return FORMS[webhook.form](new URL(webhook.url), told);
}

// The limits of each, in characters, as its documentation has them: Slack 40,000, Discord 2,000, ntfy 4,096 bytes, Telegram 4,096.
const FORMS: Readonly<Record<WebhookForm, (url: URL, told: Told) => Post>> = {
  kugetsu: (url, told) => ({ url, body: toldOf(told) }),
  slack: (url, told) => ({ url, body: { text: slackText(cut(textOf(told), 10_000)) } }),
  discord: (url, told) => ({ url, body: { content: cut(textOf(told), 1900), allowed_mentions: { parse: [] } } }),
  ntfy: (url, told) => ({ url: parentOf(url), body: ntfyBody(url, told) }),
  telegram: (url, told) => ({ url: withoutQuery(url), body: { ...queryOf(url), text: cut(textOf(told), 4000) } }),
};

function textOf(told: Told): string {
  return `${headline(told)}\n${told.message}`;
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** https://api.slack.com/reference/surfaces/formatting: these three characters are escaped; `<!channel>` would call everybody. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** https://docs.ntfy.sh/publish/#publish-as-json: to the server's root, with the topic in the body. */
function ntfyBody(url: URL, told: Told): Readonly<Record<string, unknown>> {
  const topic = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  const isUrgent = told.type === 'task_error' || told.type === 'task_waiting';
  return { topic, title: cut(headline(told), 250), message: cut(told.message, 1300), priority: isUrgent ? 4 : 3 };
}

function parentOf(url: URL): URL {
  const parent = new URL(url);
  parent.pathname = url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1);
  return parent;
}

function withoutQuery(url: URL): URL {
  const plain = new URL(url);
  plain.search = '';
  return plain;
}

/** https://core.telegram.org/bots/api#sendmessage: `chat_id` and the like, which the user has put into the URL. */
function queryOf(url: URL): Readonly<Record<string, string>> {
  return Object.fromEntries(url.searchParams);
}
