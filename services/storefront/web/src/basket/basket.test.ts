import { beforeEach, expect, test } from 'vitest';

import type { Product } from '../api/client';
import { Basket, MOST_LINES, MOST_PIECES, parseLines } from './basket';

const lamp: Product = {
  id: 7,
  sku: 'L-7',
  name: 'Lamp',
  description: '',
  price: { amount: 1999, currency: 'EUR' },
  available: 3,
};

beforeEach(() => localStorage.clear());

test('a basket is there again after a reload, with the prices that were shown', () => {
  const basket = new Basket();
  basket.add(lamp);
  basket.add(lamp);
  expect(new Basket().snapshot()).toEqual([
    { productId: 7, sku: 'L-7', name: 'Lamp', unitPrice: { amount: 1999, currency: 'EUR' }, quantity: 2 },
  ]);
});

test('adding again takes the price that is shown now', () => {
  const basket = new Basket();
  basket.add(lamp);
  basket.add({ ...lamp, price: { amount: 2100, currency: 'EUR' } });
  expect(basket.snapshot()[0]).toMatchObject({ quantity: 2, unitPrice: { amount: 2100 } });
});

test('another tab sees a change', () => {
  const [one, other] = [new Basket(), new Basket()];
  let told = 0;
  other.subscribe(() => {
    told += 1;
  });
  one.add(lamp);
  window.dispatchEvent(Object.assign(new Event('storage'), { key: 'basket' }));
  expect(told).toBe(1);
  expect(other.snapshot()).toHaveLength(1);
});

test.each([0, -1, 1.5, Number.NaN, MOST_PIECES + 1])('%s pieces are no quantity', (quantity) => {
  const basket = new Basket();
  basket.add(lamp);
  basket.setQuantity(lamp.id, quantity);
  expect(basket.snapshot()[0]?.quantity).toBe(1);
});

test('only what was ordered leaves the basket', () => {
  const basket = new Basket();
  basket.add(lamp, 3);
  basket.add({ ...lamp, id: 8 });
  basket.add({ ...lamp, id: 9 });
  basket.ordered([{ productId: 7, quantity: 2 }, { productId: 9, quantity: 4 }]);
  expect(basket.snapshot().map(({ productId, quantity }) => [productId, quantity])).toEqual([[7, 1], [8, 1]]);
  expect(new Basket().snapshot()).toHaveLength(2);
});

test('a full basket takes no other product', () => {
  const basket = new Basket();
  for (let id = 1; id <= MOST_LINES; id += 1) basket.add({ ...lamp, id });
  expect([basket.takes(1), basket.takes(MOST_LINES + 1)]).toEqual([true, false]);
  basket.add({ ...lamp, id: MOST_LINES + 1 });
  expect(basket.snapshot()).toHaveLength(MOST_LINES);
});

test('what is stored by hand or by another version does no harm', () => {
  const whole = { productId: 1, sku: 's', name: 'n', unitPrice: { amount: 1, currency: 'EUR' }, quantity: 1 };
  const broken = [null, 7, {}, { ...whole, quantity: 0 }, { ...whole, unitPrice: { amount: 1, currency: 'euro' } }];
  expect(parseLines([...broken, whole])).toEqual([whole]);
  expect(parseLines({ lines: [] })).toBeNull();
  localStorage.setItem('basket', '{not JSON');
  expect(new Basket().snapshot()).toEqual([]);
});
