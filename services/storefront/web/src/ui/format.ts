// Money, numbers and times in the reader's own way.
import type { Money } from '../api/client';

const formats = new Map<string, Intl.NumberFormat>();

/** `{amount: 1999, currency: 'EUR'}` as €19.99, exactly. */
export function money({ amount, currency }: Money, locale?: string): string {
  const digits = minorDigits(currency);
  const key = `${currency} ${locale ?? ''}`;
  let format = formats.get(key);
  if (!format) {
    const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    format = new Intl.NumberFormat(locale, { style: 'currency', currency, ...fraction });
    formats.set(key, format);
  }
  // A decimal text is not rounded on its way, as the quotient of two numbers would be.
  return format.format(`${amount}e-${digits}` as `${number}`);
}

const WHOLE = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' ');
const THOUSANDTHS = 'BHD IQD JOD KWD LYD OMR TND'.split(' ');

/** ISO 4217's, as in the mail. A browser's own are those of daily use: it has no digits for HUF. */
function minorDigits(currency: string): number {
  return WHOLE.includes(currency) ? 0 : THOUSANDTHS.includes(currency) ? 3 : 2;
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
