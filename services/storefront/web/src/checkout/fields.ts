// The form's fields, the order they make, and where order-api's pointers lead.
import type { PlaceOrder } from '../api/client';
import type { FieldError } from '../api/failure';
import type { Line } from '../basket/basket';

export interface Fields {
  name: string;
  email: string;
  address: string;
  method: string;
  token: string;
}

export const NO_FIELDS: Fields = { name: '', email: '', address: '', method: 'card', token: '' };

/** Every line with the price that was shown. */
export function orderOf(fields: Fields, lines: readonly Line[]): PlaceOrder {
  const { name, email, address, method, token } = fields;
  return {
    customer: { name, email, address },
    items: lines.map(({ productId, quantity, unitPrice }) => ({ productId, quantity, unitPrice })),
    payment: { method, token },
  };
}

export function fieldsOf({ customer, payment }: PlaceOrder): Fields {
  return { ...customer, ...payment };
}

/** A line as the checkout shows it. */
export type Shown = Pick<Line, 'productId' | 'name' | 'quantity' | 'unitPrice'>;

/** The lines of an order that was sent; the basket may hold others by now, but has the names. */
export function linesOf({ items }: PlaceOrder, basket: readonly Line[]): Shown[] {
  return items.flatMap(({ productId, quantity, unitPrice }) => {
    const name = basket.find((line) => line.productId === productId)?.name ?? `product ${productId}`;
    return unitPrice ? [{ productId, name, quantity, unitPrice }] : [];
  });
}

const PLACES: Record<string, keyof Fields> = {
  '/customer/name': 'name',
  '/customer/email': 'email',
  '/customer/address': 'address',
  '/payment/method': 'method',
  '/payment/token': 'token',
};

/** order-api's errors by where they are shown. */
export function placed(errors: readonly FieldError[]) {
  const fields: [keyof Fields, string][] = [];
  const lines = new Map<number, string>();
  const others: string[] = [];
  for (const { pointer, detail } of errors) {
    const field = PLACES[pointer];
    const line = /^\/items\/(\d+)(\/|$)/.exec(pointer)?.[1];
    if (field) fields.push([field, sentence(detail)]);
    else if (line !== undefined) lines.set(Number(line), sentence(detail));
    else others.push(`${pointer}: ${detail}`);
  }
  return { fields, lines, others };
}

/** `must be …` reads better behind a label as `Must be ….` */
function sentence(detail: string): string {
  const start = detail.charAt(0).toUpperCase() + detail.slice(1);
  return start.endsWith('.') ? start : `${start}.`;
}
