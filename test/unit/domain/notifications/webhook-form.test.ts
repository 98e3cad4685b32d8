import { assert, constantFrom, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { desktopCommand } from '../../../../src/domain/notifications/sinks.ts';
import { postOf, webhookOf, type Told } from '../../../../src/domain/notifications/webhook-form.ts';

const TOLD: Told = {
  id: 'n_0mwrzy3vs0000',
  timestamp: '2026-11-26T18:00:00+01:00',
  type: 'task_error',
  message: 'push failed: <!channel> & @everyone',
  issue_ref: 'github.com/shoko/kugetsu#14',
  task: 'q_0mwrzy3vsoanbch2t',
};

function posted(url: string, told: Told = TOLD): { readonly url: string; readonly body: unknown } {
  const webhook = webhookOf(url);
  if (webhook === undefined) throw new Error(`no webhook: ${url}`);
  const { url: target, body } = postOf(webhook, told);
  return { url: target.href, body };
}

test('a webhook of nobody in particular gets the notification as it is', () => {
  expect(posted('https://example.com/hook?a=1')).toEqual({ url: 'https://example.com/hook?a=1', body: TOLD });
});

test('Slack gets text in which nobody is called', () => {
  const { url, body } = posted('https://hooks.slack.com/services/T0/B0/x');
  expect(url).toBe('https://hooks.slack.com/services/T0/B0/x');
  expect(body).toEqual({
    text: 'task error: github.com/shoko/kugetsu#14\npush failed: &lt;!channel&gt; &amp; @everyone',
  });
});

test('Discord gets content that mentions nobody', () => {
  const { body } = posted('https://discord.com/api/webhooks/1/x');
  expect(body).toMatchObject({ allowed_mentions: { parse: [] } });
  expect(body).toHaveProperty('content', expect.stringContaining('push failed'));
});

test('ntfy gets the topic in the body, at the root of the server', () => {
  const { url, body } = posted('https://ntfy.sh/my-topic');
  expect(url).toBe('https://ntfy.sh/');
  expect(body).toMatchObject({ topic: 'my-topic', title: 'task error: github.com/shoko/kugetsu#14', priority: 4 });
  expect(posted('ntfy+https://push.example.com/sub/topic?auth=x').url).toBe('https://push.example.com/sub/?auth=x');
});

test('Telegram gets the parameters of the URL in the body', () => {
  const { url, body } = posted('https://api.telegram.org/bot1:x/sendMessage?chat_id=-7');
  expect(url).toBe('https://api.telegram.org/bot1:x/sendMessage');
  expect(body).toMatchObject({ chat_id: '-7', text: expect.stringContaining('push failed') });
});

test('what is no http or https URL is no webhook', () => {
  for (const text of ['off', 'ftp://example.com/x', 'https://', 'javascript:alert(1)', 'slack+file:///x']) {
    expect(webhookOf(text)).toBeUndefined();
  }
});

test('whatever an agent wrote, no form gets more than its service takes', () => {
  const urls = ['https://discord.com/api/webhooks/1/x', 'https://api.telegram.org/bot1:x/sendMessage?chat_id=1'];
  assert(
    property(string({ unit: 'binary', maxLength: 6000 }), constantFrom(...urls), (message, url) => {
      const { body } = posted(url, { ...TOLD, message });
      const text = Object.values(body as Record<string, unknown>).find(
        (value) => typeof value === 'string' && value.includes('\n'),
      );
      expect(String(text).length).toBeLessThanOrEqual(url.includes('discord') ? 2000 : 4096);
    }),
  );
});

test('on a desktop the text is an argument, never a script or markup', () => {
  const [linux = [], mac = []] = desktopCommand({ ...TOLD, message: '-e "do shell script" <b>' });
  expect(linux.slice(0, 3)).toEqual(['notify-send', '--app-name=kugetsu', '--']);
  expect(linux.at(-1)).toBe('-e "do shell script" &lt;b&gt;');
  expect(mac.at(-1)).toBe('-e "do shell script" <b>');
  expect(mac.slice(0, -1).join(' ')).not.toContain('do shell script');
});
