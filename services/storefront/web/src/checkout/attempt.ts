// One idempotency key per attempt to order: the same body is always sent with the same key, over double clicks,
// retries and reloads, so there is one order however often it is sent. A new key comes with another body only.
import type { PlaceOrder } from '../api/client';
import { isRecord, type Shelf, shelf } from '../ui/storage';

export interface Attempt {
  readonly key: string;
  readonly body: PlaceOrder;
  /** False while it is not known whether order-api has it: from the first send to a clear answer. */
  readonly refused: boolean;
  /** Known when an answer named it. */
  readonly orderNumber: string | null;
}

/** As long as the tab lives: it holds the shopper's address. */
export function attemptShelf(): Shelf<Attempt> {
  return shelf(() => sessionStorage, 'checkout-attempt', parseAttempt);
}

/** The attempt to send this body with: the one before when it is the same body. */
export function attemptFor(body: PlaceOrder, before: Attempt | null): Attempt {
  const same = before !== null && JSON.stringify(before.body) === JSON.stringify(body);
  return { key: same ? before.key : newKey(), body, refused: false, orderNumber: same ? before.orderNumber : null };
}

/** `crypto.randomUUID` is missing where the page came without TLS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isItem(value: unknown): boolean {
  return isRecord(value) && isRecord(value.unitPrice);
}

function parseAttempt(value: unknown): Attempt | null {
  if (!isRecord(value) || typeof value.key !== 'string' || !isRecord(value.body)) return null;
  const { customer, items, payment } = value.body;
  if (!isRecord(customer) || !Array.isArray(items) || !items.every(isItem) || !isRecord(payment)) return null;
  return {
    key: value.key,
    body: value.body as unknown as PlaceOrder,
    refused: value.refused === true,
    orderNumber: typeof value.orderNumber === 'string' ? value.orderNumber : null,
  };
}
