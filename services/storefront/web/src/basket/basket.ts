// What the shopper means to buy, each line with the price that was shown. Kept over reloads and shared by tabs.
import type { Money, Product } from '../api/client';
import { isRecord, shelf } from '../ui/storage';

export interface Line {
  readonly productId: number;
  readonly sku: string;
  readonly name: string;
  /** As shown; the order is rejected when it is no longer true, never silently dearer. */
  readonly unitPrice: Money;
  readonly quantity: number;
}

/** order-api's bounds. */
export const MOST_LINES = 100;
export const MOST_PIECES = 10_000;

const NAME = 'basket';

export class Basket {
  private lines: readonly Line[];
  private readonly listeners = new Set<() => void>();
  private readonly stored = shelf<readonly Line[]>(() => localStorage, NAME, parseLines);

  constructor() {
    this.lines = this.stored.read() ?? [];
    // Another tab's change; `key` is null when all was cleared.
    globalThis.addEventListener?.('storage', (event) => {
      if (event.key === NAME || event.key === null) this.show(this.stored.read() ?? []);
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): readonly Line[] => this.lines;

  /** False when there is no room for another product. */
  takes(productId: number): boolean {
    return this.lines.length < MOST_LINES || this.lines.some((line) => line.productId === productId);
  }

  /** One more of it, at the price shown now. */
  add(product: Product, quantity = 1): void {
    const { id: productId, sku, name, price: unitPrice } = product;
    const there = this.lines.find((line) => line.productId === productId);
    const sum = Math.min((there?.quantity ?? 0) + quantity, MOST_PIECES);
    const line = { productId, sku, name, unitPrice, quantity: sum };
    if (there) this.keep(this.lines.map((one) => (one === there ? line : one)));
    else if (this.takes(productId)) this.keep([...this.lines, line]);
  }

  setQuantity(productId: number, quantity: number): void {
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_PIECES) return;
    this.keep(this.lines.map((line) => (line.productId === productId ? { ...line, quantity } : line)));
  }

  /** The shopper has seen this price. */
  setPrice(productId: number, unitPrice: Money): void {
    this.keep(this.lines.map((line) => (line.productId === productId ? { ...line, unitPrice } : line)));
  }

  remove(productId: number): void {
    this.keep(this.lines.filter((line) => line.productId !== productId));
  }

  /** These were ordered; what was put in since stays. */
  ordered(items: readonly { readonly productId: number; readonly quantity: number }[]): void {
    const left = this.lines.map((line) => {
      const taken = items.reduce((sum, item) => (item.productId === line.productId ? sum + item.quantity : sum), 0);
      return { ...line, quantity: line.quantity - taken };
    });
    this.keep(left.filter(({ quantity }) => quantity > 0));
  }

  private keep(lines: readonly Line[]): void {
    this.stored.write(lines);
    this.show(lines);
  }

  private show(lines: readonly Line[]): void {
    this.lines = lines;
    for (const listener of this.listeners) listener();
  }
}

/** Lines that are whole; others came from another version or by hand, and are dropped. */
export function parseLines(value: unknown): readonly Line[] | null {
  return Array.isArray(value) ? value.filter(isLine).slice(0, MOST_LINES) : null;
}

function isLine(value: unknown): value is Line {
  if (!isRecord(value) || !isRecord(value.unitPrice)) return false;
  const { productId, sku, name, quantity, unitPrice } = value;
  return (
    Number.isSafeInteger(productId) &&
    typeof sku === 'string' &&
    typeof name === 'string' &&
    Number.isInteger(quantity) &&
    Number(quantity) >= 1 &&
    Number(quantity) <= MOST_PIECES &&
    Number.isSafeInteger(unitPrice.amount) &&
    typeof unitPrice.currency === 'string' &&
    /^[A-Z]{3}$/.test(unitPrice.currency)
  );
}
