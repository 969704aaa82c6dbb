import { expect, test } from 'vitest';

import { Failure } from '../api/failure';
import { type Attempt, attemptFor } from './attempt';
import { linesOf, placed } from './fields';
import { afterDoubt, meaning } from './place';

const body = {
  customer: { name: 'Ann', email: 'ann@example.org', address: 'Street 1' },
  items: [{ productId: 7, quantity: 1, unitPrice: { amount: 1999, currency: 'EUR' } }],
  payment: { method: 'card', token: 'tok_1' },
};

function failure(status: number | null, slug?: string, more: object = {}) {
  const problem = slug && { type: `urn:order-pipeline:problem:${slug}`, title: slug, status, ...more };
  return new Failure(status, problem, null);
}

test('the same body keeps its key, another one gets a new key', () => {
  const first = attemptFor(body, null);
  const known: Attempt = { ...first, refused: true, orderNumber: 'n' };
  expect(first.key).toMatch(/^[0-9a-f]{32}$/);
  expect(attemptFor(structuredClone(body), known)).toEqual({ ...known, refused: false });
  const other = { ...body, items: [{ ...body.items[0], productId: 7, quantity: 2 }] };
  expect(attemptFor(other, first).key).not.toBe(first.key);
});

// Only what certainly changed nothing may be edited and sent under a new key.
test.each([
  [503, 'kafka-unavailable', 'refused'],
  [503, 'overloaded', 'refused'],
  [429, 'too-many-requests', 'refused'],
  [503, 'upstream-unavailable', 'refused'],
  [422, 'invalid-request', 'invalid'],
  [422, 'idempotency-conflict', 'conflict'],
  [503, 'outcome-unknown', 'unknown'],
  [503, 'upstream-broke-off', 'unknown'],
  [504, 'upstream-timeout', 'unknown'],
  [500, 'internal', 'unknown'],
  [502, undefined, 'unknown'],
  [null, undefined, 'unknown'],
])('%s %s is %s', (status, slug, is) => {
  expect(meaning(failure(status, slug)).is).toBe(is);
});

test('the order number of an unknown outcome is kept', () => {
  expect(meaning(failure(503, 'outcome-unknown', { orderNumber: 'n' }))).toMatchObject({ orderNumber: 'n' });
});

test('after an answer that never came a refusal leaves it unknown', () => {
  const refused = meaning(failure(503, 'kafka-unavailable', { orderNumber: 'n' }));
  expect(afterDoubt(refused)).toMatchObject({ is: 'unknown', orderNumber: 'n' });
  const accepted = { is: 'accepted', orderNumber: 'n' } as const;
  expect(afterDoubt(accepted)).toBe(accepted);
});

test('what was sent is shown as it was sent', () => {
  const unitPrice = { amount: 1999, currency: 'EUR' };
  const basket = [{ productId: 7, sku: 'L-7', name: 'Lamp', unitPrice: { amount: 5, currency: 'EUR' }, quantity: 9 }];
  expect(linesOf(body, basket)).toEqual([{ productId: 7, name: 'Lamp', quantity: 1, unitPrice }]);
  expect(linesOf(body, [])[0]?.name).toBe('product 7');
});

test('errors go to their fields', () => {
  const found = placed([
    { pointer: '/customer/email', detail: 'must be an e-mail address' },
    { pointer: '/items/1/quantity', detail: 'must be 1 to 10000' },
    { pointer: '#Idempotency-Key', detail: 'is too long' },
  ]);
  expect(found.fields).toEqual([['email', 'Must be an e-mail address.']]);
  expect([...found.lines]).toEqual([[1, 'Must be 1 to 10000.']]);
  expect(found.others).toEqual(['#Idempotency-Key: is too long']);
});
