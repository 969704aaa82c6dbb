import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { LIMIT, searchApi, within } from '../api/client';
import { answerOf, isFinal, retryDelay } from '../api/failure';

/** Full rows in the grid's usual widths. */
export const PAGE_SIZE = 24;
/** Price and stock on an open page follow the database. */
const LOOK_AGAIN = 30_000;

/** One page of products. An outdated call is ended; a failed one is tried again by itself. */
export function useProducts(search: string, cursor: string | undefined) {
  return useQuery({
    queryKey: ['products', search, cursor ?? ''],
    queryFn: ({ signal }) => {
      const query = { limit: PAGE_SIZE, ...(search && { search }), ...(cursor && { cursor }) };
      return answerOf(searchApi.GET('/api/products', { params: { query }, signal: within(LIMIT, signal) }));
    },
    // Only while a new text is looked up: after a failure nothing old is shown, it may no longer be true.
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { error } }) => (error ? !isFinal(error) && retryDelay(error) : LOOK_AGAIN),
  });
}

/** One product as it is now, for what lies in the basket. */
export function productQuery(id: number) {
  return {
    queryKey: ['product', id],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      answerOf(searchApi.GET('/api/products/{id}', { params: { path: { id } }, signal: within(LIMIT, signal) })),
    refetchInterval: LOOK_AGAIN,
  };
}
