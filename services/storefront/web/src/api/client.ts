// Typed by the OpenAPI documents of both APIs. One origin: the storefront forwards.
import createClient from 'openapi-fetch';

import type { components as Orders, paths as OrderPaths } from './order-api';
import type { components as Products, paths as SearchPaths } from './search-api';

export type Money = Products['schemas']['Money'];
export type Product = Products['schemas']['Product'];
export type PlaceOrder = Orders['schemas']['PlaceOrder'];
export type Order = Orders['schemas']['OrderView'];

// Asked for at each call, so that a test may put its own in place.
const fetch = (request: Request) => globalThis.fetch(request);
const baseUrl = globalThis.location?.origin ?? '';

export const searchApi = createClient<SearchPaths>({ baseUrl, fetch });
export const orderApi = createClient<OrderPaths>({ baseUrl, fetch });

/** Longer than the storefront's own limit (15 s), so that its answer comes first: it knows what is away. */
export const LIMIT = 20_000;

/** Ends a call with its reader, or after a time: a page never waits for ever. */
export function within(milliseconds: number, signal?: AbortSignal): AbortSignal {
  const limit = AbortSignal.timeout(milliseconds);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
