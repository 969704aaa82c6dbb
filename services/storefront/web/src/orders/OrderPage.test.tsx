import { screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { expect, test } from 'vitest';

import type { Order } from '../api/client';
import { json, network, problem, visit } from '../testing/page';
import { lookAgain } from './useOrder';

const NUMBER = '56ae6aa8-3d28-5fe2-b643-6e2ee29e004f';

function order(status: string, reason?: string) {
  const unitPrice = { amount: 1999, currency: 'EUR' };
  return {
    orderNumber: NUMBER,
    status,
    ...(reason && { reason }),
    items: [{ productId: 7, sku: 'L-7', name: 'Lamp', quantity: 2, unitPrice }],
    total: { amount: 3998, currency: 'EUR' },
    createdAt: '2026-11-22T18:00:00Z',
    updatedAt: '2026-11-22T18:00:01Z',
  };
}

test('an order is followed by long poll to its outcome and reason', async () => {
  const outcomes = [problem(404, 'order-not-visible-yet'), json(order('PENDING')), json(order('REJECTED', 'OUT_OF_STOCK'))];
  const calls = network(() => outcomes.shift() ?? json(order('REJECTED', 'OUT_OF_STOCK')));
  visit(`/orders/${NUMBER}`);
  await screen.findByText(/This order is not visible yet/);
  await screen.findByText(/A product of your order is out of stock/);
  expect(calls.map(({ query }) => query.get('wait'))).toEqual([null, '30s', '30s']);
});

test.each([
  ['PENDING', false, 200],
  ['PENDING', true, 200],
  [undefined, false, 200],
  ['CONFIRMED', false, false],
  ['CONFIRMED', true, 1000],
  ['FAILED', true, 1000],
  ['CANCELLED', true, false],
  // Cancelled too late: it would be asked for for ever.
  ['REJECTED', true, false],
])('%s, cancelled: %s, is asked for again after %s', (status, cancelling, after) => {
  const seen = { order: status ? (order(status) as Order) : null };
  expect(lookAgain(seen, null, cancelling)).toBe(after);
});

test('who is offline is not told of our database', async () => {
  network(() => {
    throw new TypeError('no network');
  });
  visit(`/orders/${NUMBER}`);
  const told = (await screen.findByText(/Is this device connected/)).textContent;
  expect(told).not.toContain('database');
});

test('a database that is away is told, and the page goes on by itself', async () => {
  const answers = [problem(503, 'database-unavailable', {}, { 'retry-after': '1' })];
  network(() => answers.shift() ?? json(order('CONFIRMED')));
  visit(`/orders/${NUMBER}`);
  await screen.findByText('We cannot look it up right now');
  await screen.findByRole('heading', { name: 'Your order is confirmed' }, { timeout: 20_000 });
});

test('what is no order number is told at once and not asked for again', async () => {
  const calls = network(() => problem(404, 'no-such-order'));
  visit('/orders/4711');
  await screen.findByText('There is no such order');
  expect(calls).toHaveLength(1);
});

test('a cancelled order is followed until it is cancelled', async () => {
  let cancelled = false;
  const calls = network(({ method }) => {
    if (method === 'POST') {
      cancelled = true;
      return json({ orderNumber: NUMBER }, 202);
    }
    return json(order(cancelled ? 'CANCELLED' : 'CONFIRMED'));
  });
  visit(`/orders/${NUMBER}`);
  await userEvent.click(await screen.findByRole('button', { name: 'Cancel this order' }));
  await userEvent.click(screen.getByRole('button', { name: 'Cancel the order' }));
  await screen.findByRole('heading', { name: 'Your order is cancelled' });
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Cancel this order' })).toBeNull());
  expect(calls.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([`/api/orders/${NUMBER}/cancel`]);
});
