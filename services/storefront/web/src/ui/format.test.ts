import { expect, test } from 'vitest';

import { money, sums } from './format';

test.each([
  [1999, 'EUR', '€19.99'],
  [5, 'USD', '$0.05'],
  [1500, 'JPY', '¥1,500'],
  [1234567, 'KWD', 'KWD 1,234.567'],
  [0, 'GBP', '£0.00'],
  // Browsers show no minor units of these; 199900 are 1999 forints all the same.
  [199900, 'HUF', 'HUF 1,999.00'],
  [1500, 'IQD', 'IQD 1.500'],
  // The largest exact integer: the nearest double of its hundredth part is another amount.
  [9007199254740991, 'EUR', '€90,071,992,547,409.91'],
])('%s minor units of %s are %s', (amount, currency, text) => {
  expect(money({ amount, currency }, 'en-US').replace(/\u00a0/g, ' ')).toBe(text);
});

test('currencies are never added up', () => {
  const euro = { unitPrice: { amount: 250, currency: 'EUR' }, quantity: 2 };
  const yen = { unitPrice: { amount: 100, currency: 'JPY' }, quantity: 1 };
  expect(sums([euro, yen, euro])).toEqual([
    { amount: 1000, currency: 'EUR' },
    { amount: 100, currency: 'JPY' },
  ]);
});
