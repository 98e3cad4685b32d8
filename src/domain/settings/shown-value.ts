import { hostAlone } from '../../util/urls.ts';

/** The value of a setting as it may be shown around: of a webhook only the host, because the rest of its address is the key to it. */
export function shownValue(key: string, value: string): string {
  return key === 'NOTIFY_WEBHOOK_URL' ? hostAlone(value) : value;
}
