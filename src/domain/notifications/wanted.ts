import { OWN_TYPES } from './own-types.ts';

/**
 * Whether NOTIFY_TYPES asks for notifications of this type: `all`, the type by its name, or `others` for each that kugetsu
 * does not send by itself.
 */
export function isWanted(type: string, wanted: readonly string[]): boolean {
  const isOwn = OWN_TYPES.some((own) => own === type);
  return wanted.includes('all') || wanted.includes(type) || (!isOwn && wanted.includes('others'));
}
