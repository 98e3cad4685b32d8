import type { News, Notification } from './notification-schema.ts';

/** The notifications of whoever has the queue. */
export interface Inbox {
  /** Adds one, durably. */
  send(news: News): Promise<Notification>;
  /**
   * Adds one that says no more than its task does, for as little as that takes: it outlives a killed process, and a power failure
   * may take it.
   */
  mention(news: News): Promise<void>;
  /** Adds several: all of them, or none. What an unread one says already is not said again. */
  sendNew(news: readonly News[]): Promise<void>;
  /** Oldest first; the unread ones only, unless `all`. */
  list(options: { readonly all: boolean }): Promise<Notification[]>;
  /** @returns how many were unread */
  markAllRead(): Promise<number>;
}
