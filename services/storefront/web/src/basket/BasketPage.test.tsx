import { screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { json, network, problem, product, visit } from '../testing/page';
import { Basket } from './basket';

function lampInBasket() {
  const basket = new Basket();
  basket.add(product(7, 'Lamp'));
  return basket;
}

test('a quantity can be typed anew', async () => {
  network(() => json(product(7, 'Lamp', 50)));
  const { basket } = visit('/basket', lampInBasket());
  const field = await screen.findByLabelText('Pieces of Lamp');
  await userEvent.clear(field);
  expect(basket.snapshot()[0]?.quantity).toBe(1);
  await userEvent.type(field, '25');
  expect(basket.snapshot()[0]?.quantity).toBe(25);
  await userEvent.clear(field);
  await userEvent.tab();
  expect(field).toHaveProperty('value', '25');
});

test('a price that changed is shown, and taken only when told to', async () => {
  network(() => json({ ...product(7, 'Lamp'), price: { amount: 8000, currency: 'EUR' } }));
  const { basket } = visit('/basket', lampInBasket());
  const take = await screen.findByRole('button', { name: 'Take the new price for Lamp' });
  expect(basket.snapshot()[0]?.unitPrice.amount).toBe(7000);
  await userEvent.click(take);
  expect(basket.snapshot()[0]?.unitPrice.amount).toBe(8000);
});

test('a catalogue that is away is told, and the basket stays', async () => {
  network(() => problem(503, 'database-unavailable'));
  const { basket } = visit('/basket', lampInBasket());
  await screen.findByText(/cannot be looked up right now/);
  expect(basket.snapshot()).toHaveLength(1);
});

test('what is no longer sold is told', async () => {
  network(() => problem(404, 'no-such-product'));
  visit('/basket', lampInBasket());
  await screen.findByText('No longer sold. Please remove it.');
  await userEvent.click(screen.getByRole('button', { name: 'Remove Lamp' }));
  await waitFor(() => expect(screen.queryByText('Lamp')).toBeNull());
});
