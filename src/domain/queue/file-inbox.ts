import type { Context } from '../context.ts';
import type { Courier } from '../notifications/courier.ts';
import type { Inbox } from '../notifications/inbox-store.ts';

/** The inbox in the file of this home. */
export function fileInbox(
  context: Pick<Context, 'home' | 'env' | 'clock'> & { readonly courier?: Courier | undefined },
): Inbox {
  return {
    async send(news) {
      const { sendNotification } = await import('../notifications/inbox.ts');
      return sendNotification(context, news);
    },
    async mention(news) {
      const { postNotification } = await import('../notifications/notification.ts');
      await postNotification(context, news);
    },
    async sendNew(news) {
      const { sendNewNotifications } = await import('../notifications/inbox.ts');
      await sendNewNotifications(context, news);
    },
    async list(options) {
      const { listNotifications } = await import('../notifications/inbox.ts');
      return listNotifications(context, options);
    },
    async markAllRead() {
      const { markAllRead } = await import('../notifications/inbox.ts');
      return markAllRead(context);
    },
  };
}
