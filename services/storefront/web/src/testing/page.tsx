// A whole page in a test, with answers in place of the network.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { cleanup, configure, render } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

import { Basket } from '../basket/basket';
import { BasketContext } from '../basket/useBasket';
import { makeRouter } from '../routes';

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 20_000 });

afterEach(() => {
  cleanup();
  localStorage.clear();
  sessionStorage.clear();
});

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** Answers each call and remembers it. `answer` may wait. */
export function network(answer: (asked: Asked) => Response | Promise<Response>): Asked[] {
  const calls: Asked[] = [];
  vi.stubGlobal('fetch', async (input: Request | string, init?: RequestInit) => {
    const request = new Request(typeof input === 'string' ? new URL(input, location.origin) : input, init);
    const url = new URL(request.url);
    const text = await request.clone().text();
    const asked: Asked = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text ? JSON.parse(text) : undefined,
      signal: request.signal,
    };
    calls.push(asked);
    return answer(asked);
  });
  return calls;
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

export function problem(status: number, slug: string, more: object = {}, headers: Record<string, string> = {}): Response {
  return json({ type: `urn:order-pipeline:problem:${slug}`, title: slug, status, ...more }, status, headers);
}

export function product(id: number, name: string, available = 5) {
  return { id, sku: `SKU-${id}`, name, description: '', price: { amount: 1000 * id, currency: 'EUR' }, available };
}

/** Shows the page at `address`. */
export function visit(address: string, basket = new Basket()) {
  const router = makeRouter(createMemoryHistory({ initialEntries: [address] }));
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' } } });
  render(
    <QueryClientProvider client={queries}>
      <BasketContext value={basket}>
        <RouterProvider router={router} />
      </BasketContext>
    </QueryClientProvider>,
  );
  return { router, basket };
}
