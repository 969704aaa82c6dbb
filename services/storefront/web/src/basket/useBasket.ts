import { createContext, use, useSyncExternalStore } from 'react';

import { Basket, type Line } from './basket';

export const BasketContext = createContext<Basket | null>(null);

/** The basket and its lines now. */
export function useBasket(): { basket: Basket; lines: readonly Line[] } {
  const basket = use(BasketContext);
  if (!basket) throw new Error('useBasket needs a BasketContext around it');
  return { basket, lines: useSyncExternalStore(basket.subscribe, basket.snapshot) };
}
