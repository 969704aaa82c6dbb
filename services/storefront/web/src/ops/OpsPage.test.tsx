import { readFileSync } from 'node:fs';
import { screen, waitFor } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { type Asked, json, network, problem, visit } from '../testing/page';

const scaling = JSON.parse(readFileSync('../../../operator/golden/scaling.json', 'utf8'));
const LETTER = {
  id: 7,
  status: 'OPEN',
  reason: 'UNDECODABLE',
  detail: 'It is not JSON.',
  orderNumber: '56ae6aa8-3d28-5fe2-b643-6e2ee29e004f',
  topic: 'orders',
  partition: 0,
  offset: 12,
  createdAt: '2026-11-22T18:00:00Z',
  attempts: 1,
  replayCount: 0,
  replayNeeds: [],
  headers: [],
  size: 2,
  sha256: '00',
  body: { customer: { name: 'Ann' } },
  event: null,
};

async function enter(token: string) {
  await userEvent.type(await screen.findByLabelText('Access token'), token);
  await userEvent.click(screen.getByRole('button', { name: 'Show operations' }));
}

/** All of operations, for who has the token. */
function operations({ path, headers }: Asked): Response {
  if (headers.get('authorization') !== 'Bearer right') return problem(401, 'unauthorized');
  if (path === '/api/ops') return json(scaling);
  if (path === '/api/dead-letters') return json({ items: [LETTER], nextCursor: null });
  return json(LETTER);
}

test('a wrong token is refused, the right one shows the last hour, and leaving forgets it', async () => {
  network(operations);
  visit('/ops');
  await enter('wrong');
  await userEvent.click(await screen.findByRole('button', { name: 'Enter another token' }));
  await enter('right');
  await screen.findByRole('heading', { name: 'Why there are so many consumers' });
  const failed = (await screen.findByText('Failed in the last hour')).closest('div');
  await waitFor(() => expect(failed?.querySelector('strong')?.textContent).toBe('1'));
  expect(sessionStorage.getItem('ops-token')).toContain('right');
  await userEvent.click(screen.getByRole('button', { name: 'Forget the token' }));
  await screen.findByLabelText('Access token');
  expect(sessionStorage.getItem('ops-token')).toBeNull();
});

test('a dead letter that could not be read is asked for again by itself', async () => {
  const answers = [problem(503, 'database-unavailable', {}, { 'retry-after': '1' })];
  network((asked) => answers.shift() ?? operations(asked));
  visit('/ops/dead-letters/7');
  await enter('right');
  await screen.findByText(/This page keeps trying/);
  await screen.findByRole('heading', { name: 'The record' });
});

test('a replay is refused in words, and what was edited stays', async () => {
  const calls = network((asked) =>
    asked.method === 'POST'
      ? problem(422, 'invalid-request', { errors: [{ pointer: '/body/items', detail: 'is required' }] })
      : operations(asked),
  );
  visit('/ops/dead-letters/7');
  await enter('right');
  const field = await screen.findByLabelText('Order');
  await userEvent.clear(field);
  await userEvent.type(field, '{{}');
  await userEvent.dblClick(screen.getByRole('button', { name: 'Replay' }));
  await screen.findByText('/body/items');
  expect(field).toHaveProperty('value', '{}');
  expect(calls.filter(({ method }) => method === 'POST')[0]?.body).toEqual({ replayCount: 0, body: {} });
});
