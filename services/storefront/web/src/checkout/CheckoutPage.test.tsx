import { act, cleanup, screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { Basket } from '../basket/basket';
import { type Asked, json, network, problem, product, visit } from '../testing/page';

const NUMBER = '56ae6aa8-3d28-5fe2-b643-6e2ee29e004f';
const posts = (calls: Asked[]) => calls.filter(({ method }) => method === 'POST');
const key = (call: Asked | undefined) => call?.headers.get('idempotency-key');

async function fill(basket = new Basket()) {
  basket.add(product(7, 'Lamp'));
  const page = visit('/checkout', basket);
  await userEvent.type(await screen.findByLabelText('Name'), 'Ann');
  await userEvent.type(screen.getByLabelText('E-mail'), 'ann@example.org');
  await userEvent.type(screen.getByLabelText('Address'), 'Street 1');
  await userEvent.type(screen.getByLabelText('Payment token'), 'tok_1');
  return page;
}

const placeButton = () => screen.getByRole('button', { name: 'Place the order' });

/** The order page asks too; it has nothing to tell here. */
const notYet = () => problem(404, 'order-not-visible-yet', {}, { 'retry-after': '1' });

test('every line carries the price that was shown; a double click sends once', async () => {
  const calls = network(({ method }) =>
    method === 'POST' ? json({ orderNumber: NUMBER, status: 'PENDING' }) : notYet(),
  );
  const { router, basket } = await fill();
  await userEvent.dblClick(placeButton());
  await waitFor(() => expect(router.state.location.pathname).toBe(`/orders/${NUMBER}`));
  expect(posts(calls)).toHaveLength(1);
  expect(posts(calls)[0]?.body).toEqual({
    customer: { name: 'Ann', email: 'ann@example.org', address: 'Street 1' },
    items: [{ productId: 7, quantity: 1, unitPrice: { amount: 7000, currency: 'EUR' } }],
    payment: { method: 'card', token: 'tok_1' },
  });
  expect(basket.snapshot()).toEqual([]);
  expect(sessionStorage.getItem('checkout-attempt')).toBeNull();
});

test('a retry after a refusal has the same key', async () => {
  let refuse = true;
  const calls = network(({ method }) => {
    if (method !== 'POST') return notYet();
    return refuse ? problem(503, 'kafka-unavailable') : json({ orderNumber: NUMBER, status: 'PENDING' });
  });
  const { basket } = await fill();
  await userEvent.click(placeButton());
  await screen.findByText('Orders cannot be taken right now');
  expect(basket.snapshot()).toHaveLength(1);
  refuse = false;
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(posts(calls)).toHaveLength(2));
  expect(key(posts(calls)[1])).toBe(key(posts(calls)[0]));
});

test('overload is explained, and a retry comes no sooner than the server wants', async () => {
  const answers = [problem(503, 'overloaded', {}, { 'retry-after': '1' })];
  const calls = network(({ method }) =>
    method === 'POST' ? (answers.shift() ?? json({ orderNumber: NUMBER, status: 'PENDING' })) : notYet(),
  );
  const { router } = await fill();
  await userEvent.click(placeButton());
  await screen.findByText('Very many people order right now');
  await userEvent.click(await screen.findByRole('button', { name: 'Try again' }));
  await waitFor(() => expect(router.state.location.pathname).toBe(`/orders/${NUMBER}`));
  expect(key(posts(calls)[1])).toBe(key(posts(calls)[0]));
});

test('an unknown outcome holds the order fast over a reload, until it is sent again', async () => {
  let broken = true;
  const calls = network(({ method }) => {
    if (method !== 'POST') return notYet();
    if (broken) throw new TypeError('the connection broke off');
    return json({ orderNumber: NUMBER, status: 'PENDING' });
  });
  const { basket } = await fill();
  await userEvent.click(placeButton());
  await screen.findByText('We do not know yet whether your order reached us');
  // Its fields cannot be changed, so that no second order comes of it.
  expect(screen.getByLabelText('Name').closest('fieldset')).toHaveProperty('disabled', true);
  cleanup();
  broken = false;
  const { router } = visit('/checkout', basket);
  await screen.findByText(/The page was left before the answer came/);
  await userEvent.click(screen.getAllByRole('button', { name: 'Send it again' })[0] as HTMLElement);
  await waitFor(() => expect(router.state.location.pathname).toBe(`/orders/${NUMBER}`));
  expect(posts(calls)).toHaveLength(2);
  expect(key(posts(calls)[1])).toBe(key(posts(calls)[0]));
  expect(posts(calls)[1]?.body).toEqual(posts(calls)[0]?.body);
});

test('a refusal after an answer that never came leaves the order held fast', async () => {
  const answers = [
    () => {
      throw new TypeError('the connection broke off');
    },
    () => problem(503, 'kafka-unavailable'),
    () => json({ orderNumber: NUMBER, status: 'PENDING' }),
  ];
  const calls = network(({ method }) => (method === 'POST' ? (answers.shift()?.() ?? json({}, 500)) : notYet()));
  const { router } = await fill();
  await userEvent.click(placeButton());
  await screen.findByText(/The connection broke off/);
  const again = () => userEvent.click(screen.getAllByRole('button', { name: 'Send it again' })[0] as HTMLElement);
  await again();
  // The first send may have gone through: another body would be a second order.
  await screen.findByText(/an earlier try has no answer/);
  expect(screen.getByLabelText('Name').closest('fieldset')).toHaveProperty('disabled', true);
  await again();
  await waitFor(() => expect(router.state.location.pathname).toBe(`/orders/${NUMBER}`));
  expect(new Set(posts(calls).map(key)).size).toBe(1);
});

test('what was put into the basket after the order was sent stays there', async () => {
  let broken = true;
  network(({ method }) => {
    if (method !== 'POST') return notYet();
    if (broken) throw new TypeError('the connection broke off');
    return json({ orderNumber: NUMBER, status: 'PENDING' });
  });
  const { router, basket } = await fill();
  await userEvent.click(placeButton());
  await screen.findByText(/The connection broke off/);
  act(() => basket.add(product(8, 'Bowl')));
  // The summary is that of what is sent again.
  const summary = screen.getByRole('region', { name: 'Your order' });
  expect(summary.textContent).toContain('1 × Lamp');
  expect(summary.textContent).not.toContain('Bowl');
  broken = false;
  await userEvent.click(screen.getAllByRole('button', { name: 'Send it again' })[0] as HTMLElement);
  await waitFor(() => expect(router.state.location.pathname).toBe(`/orders/${NUMBER}`));
  expect(basket.snapshot()).toMatchObject([{ productId: 8, quantity: 1 }]);
});

test("the API's errors stand at their fields", async () => {
  const errors = [
    { pointer: '/customer/email', detail: 'must be an e-mail address' },
    { pointer: '/items/0/quantity', detail: 'must be 1 to 10000' },
  ];
  network(() => problem(422, 'invalid-request', { errors }));
  await fill();
  await userEvent.click(placeButton());
  const email = await screen.findByText('Must be an e-mail address.');
  expect(screen.getByLabelText('E-mail').getAttribute('aria-describedby')).toContain(email.id);
  expect(screen.getByLabelText('E-mail').getAttribute('aria-invalid')).toBe('true');
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('E-mail')));
  expect(screen.getByText('Must be 1 to 10000.').closest('li')?.textContent).toContain('Lamp');
});

test('nothing is sent while a field is empty', async () => {
  const calls = network(() => json({}));
  await fill();
  await userEvent.clear(screen.getByLabelText('Name'));
  await userEvent.click(placeButton());
  await screen.findByText('This is needed.');
  expect(posts(calls)).toEqual([]);
});
