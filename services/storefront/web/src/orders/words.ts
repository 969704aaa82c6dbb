import type { Order } from '../api/client';
import { Failure } from '../api/failure';

/** The same sentences as in the mail. */
export function statusWords(order: Order): { title: string; text: string; kind: 'good' | 'alert' | 'warning' | 'plain' } {
  switch (order.status) {
    case 'PENDING':
      return { title: 'We have your order', text: 'It is being processed; this page tells the outcome.', kind: 'plain' };
    case 'CONFIRMED':
      return { title: 'Your order is confirmed', text: 'Thank you. The goods are set aside for you.', kind: 'good' };
    case 'REJECTED':
      return {
        title: 'We could not accept your order',
        text: `${reasonWords(order.reason)} Nothing will be delivered for this order.`,
        kind: 'alert',
      };
    case 'FAILED':
      return {
        title: 'Your order needs our attention',
        text: 'Something went wrong on our side. Our staff has been told; you need not order again.',
        kind: 'warning',
      };
    case 'CANCELLED':
      return { title: 'Your order is cancelled', text: 'Nothing will be delivered for it.', kind: 'plain' };
  }
}

/** Why an order cannot be shown. */
export function unreadable(error: Error): string {
  const failure = error instanceof Failure ? error : null;
  switch (failure?.slug) {
    case 'database-unavailable':
    case 'schema-too-old':
      return 'Our database does not answer.';
    case 'too-many-waiters':
      return 'Very many people look at their orders right now.';
    default:
      return failure?.status == null ? 'No answer came. Is this device connected?' : 'This part of the shop is away for a moment.';
  }
}

/** A later code that is not known here still gets a sentence. */
function reasonWords(code: string | null | undefined): string {
  switch (code) {
    case 'OUT_OF_STOCK':
      return 'A product of your order is out of stock.';
    case 'UNKNOWN_PRODUCT':
      return 'A product of your order is no longer sold.';
    case 'PRICE_CHANGED':
      return 'The price of a product changed while you ordered.';
    case 'CURRENCY_MISMATCH':
      return 'The products of your order are not sold in the same currency.';
    default:
      return code ? `The order could not be accepted (${code}).` : 'The order could not be accepted.';
  }
}
