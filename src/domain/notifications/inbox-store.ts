import type { News, Notification } from './notification-schema.ts';

/** The notifications of whoever has the queue. */
export interface Inbox {
  /** Adds one, durably. */
  send(news: News): Promise<Notification>;
  /** Adds several: all of them, or none. What an unread one says already is not said again. */
  sendNew(news: readonly News[]): Promise<void>;
  /** Oldest first; the unread ones only, unless `all`. */
  list(options: { readonly all: boolean }): Promise<Notification[]>;
  /** @returns how many were unread */
  markAllRead(): Promise<number>;
}
