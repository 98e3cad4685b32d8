import { createHash } from 'node:crypto';
import type { Value } from '../../../adapters/postgres/database.ts';
import { notifiedAt } from '../../notifications/notification-id.ts';
import { SAVED } from '../../notifications/notification.ts';
import type { Notification } from '../../notifications/notification-schema.ts';
import { timeOf } from './task-rows.ts';

/** The parameters of {@link tellFrom}, one list per column. */
export function newsColumns(news: readonly Notification[]): readonly Value[] {
  return [
    news.map(({ id }) => id),
    news.map(({ id }) => timeOf(notifiedAt(id))),
    news.map(contentOf),
    news.map(({ type }) => type === SAVED),
    news.map((each) => JSON.stringify(each)),
  ];
}

/**
 * The INSERT of some notifications, in their order.
 *
 * @param options.after what has to have given a row, if anything
 * @param options.first the number of the first parameter
 * @param options.unlessSaid whether what an unread one says already is left out
 */
export function tellFrom(
  schema: string,
  {
    after,
    first,
    unlessSaid = false,
  }: { readonly after?: string; readonly first: number; readonly unlessSaid?: boolean },
): string {
  const types = ['text', 'timestamptz', 'text', 'boolean', 'text'];
  const lists = types.map((type, index) => `$${first + index}::${type}[]`);
  const conditions = [
    ...(after === undefined ? [] : [`exists (select from ${after})`]),
    ...(unlessSaid
      ? [`not exists (select from ${schema}.notification known where not known.read and known.said = news.said)`]
      : []),
  ];
  return `insert into ${schema}.notification (id, at, said, kept, doc)
    select id, at, said, kept, doc::json
    from unnest(${lists.join(', ')}) with ordinality as news (id, at, said, kept, doc, place)
    ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
    order by place on conflict (id) do nothing returning id`;
}

/** What a notification says, short enough for an index. */
function contentOf({ type, message, issue_ref }: Notification): string {
  return createHash('sha256')
    .update(JSON.stringify([type, message, issue_ref]))
    .digest('hex');
}
