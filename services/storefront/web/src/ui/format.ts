// Money, numbers and times in the reader's own way.
import type { Money } from '../api/client';

const formats = new Map<string, Intl.NumberFormat>();

/** `{amount: 1999, currency: 'EUR'}` as €19.99; minor units as ISO 4217 has them for the currency. */
export function money({ amount, currency }: Money, locale?: string): string {
  const key = `${currency} ${locale ?? ''}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, { style: 'currency', currency });
    formats.set(key, format);
  }
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export function count(number: number): string {
  return new Intl.NumberFormat().format(number);
}

export function dateTime(rfc3339: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(rfc3339));
}

/** The sum for each currency, in the order they come. */
export function sums(lines: Iterable<{ unitPrice: Money; quantity: number }>): Money[] {
  const amounts = new Map<string, number>();
  for (const { unitPrice, quantity } of lines) {
    amounts.set(unitPrice.currency, (amounts.get(unitPrice.currency) ?? 0) + unitPrice.amount * quantity);
  }
  return [...amounts].map(([currency, amount]) => ({ amount, currency }));
}
