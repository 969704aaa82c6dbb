// What was typed, kept over reloads of the tab. The payment token is not: it lives in an attempt alone.
import { isRecord, type Shelf, shelf } from '../ui/storage';
import type { Fields } from './fields';

export type Draft = Partial<Omit<Fields, 'token'>>;

export function draftShelf(): Shelf<Draft> {
  return shelf(() => sessionStorage, 'checkout-draft', (value) => {
    if (!isRecord(value)) return null;
    const names = ['name', 'email', 'address', 'method'] as const;
    return Object.fromEntries(names.filter((name) => typeof value[name] === 'string').map((name) => [name, value[name]]));
  });
}
