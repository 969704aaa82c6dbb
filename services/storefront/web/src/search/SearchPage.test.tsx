import { fireEvent, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { json, network, problem, product, visit } from '../testing/page';

const pageOf = (...items: object[]) => json({ items, nextCursor: null });

test('an outdated answer never takes the place of a newer one', async () => {
  const slow: { answer?: (response: Response) => void } = {};
  network(({ query }) => {
    if (query.get('search') === 'lamp') {
      return new Promise((answer) => {
        slow.answer = answer;
      });
    }
    return pageOf(product(1, query.get('search') ?? 'Everything'));
  });
  visit('/');
  const field = await screen.findByRole('searchbox');
  await userEvent.type(field, 'lamp');
  await waitFor(() => expect(slow.answer).toBeDefined());
  await userEvent.clear(field);
  await userEvent.type(field, 'bowl');
  await screen.findByRole('heading', { name: 'bowl' });
  slow.answer?.(pageOf(product(2, 'lamp')));
  await screen.findByRole('heading', { name: 'bowl' });
  expect(screen.queryByRole('heading', { name: 'lamp' })).toBeNull();
});

test('typing asks after a pause, not at each key', async () => {
  const calls = network(({ query }) => pageOf(product(1, query.get('search') ?? 'Everything')));
  visit('/');
  const field = await screen.findByRole('searchbox');
  for (const value of ['l', 'la', 'lam', 'lamp']) fireEvent.input(field, { target: { value } });
  await screen.findByRole('heading', { name: 'lamp' });
  expect(calls.map(({ query }) => query.get('search'))).toEqual([null, 'lamp']);
});

test('a database that is down is told, without old stock, and a retry helps', async () => {
  let down = false;
  const calls = network(() => (down ? problem(503, 'database-unavailable', {}, { 'retry-after': '60' }) : pageOf(product(1, 'Lamp', 9))));
  visit('/');
  await screen.findByText('9 in stock');
  down = true;
  await userEvent.type(screen.getByRole('searchbox'), 'x');
  expect((await screen.findByRole('alert')).textContent).toContain('The catalogue cannot be read right now');
  expect(screen.queryByText('9 in stock')).toBeNull();
  // Nor while the next try is under way.
  const wasAsked = calls.length;
  const seen: boolean[] = [];
  const observer = new MutationObserver(() => seen.push(screen.queryByText('9 in stock') !== null));
  observer.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
  await userEvent.click(screen.getByRole('button', { name: 'Try again now' }));
  await waitFor(() => expect(calls.length).toBeGreaterThan(wasAsked));
  await screen.findByRole('button', { name: 'Try again now' });
  observer.disconnect();
  expect(seen).not.toContain(true);
  down = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again now' }));
  await screen.findByText('9 in stock');
});

test('what cannot be searched for is told, and not asked for again', async () => {
  network(() => problem(422, 'invalid-request', { errors: [{ pointer: '#cursor', detail: 'is not one of ours' }] }));
  visit('/?cursor=x');
  const told = await screen.findByRole('alert');
  expect(told.textContent).toBe('We cannot search for thatcursor is not one of ours');
});

test('what is sold out cannot be put into the basket', async () => {
  network(() => pageOf(product(1, 'Lamp', 0), product(2, 'Bowl', 2)));
  const { basket } = visit('/');
  const sold = await screen.findByRole('button', { name: 'Add to basket Lamp' });
  expect(sold).toHaveProperty('disabled', true);
  await userEvent.click(screen.getByRole('button', { name: 'Add to basket Bowl' }));
  expect(basket.snapshot()).toMatchObject([{ productId: 2, quantity: 1, unitPrice: { amount: 2000 } }]);
});
