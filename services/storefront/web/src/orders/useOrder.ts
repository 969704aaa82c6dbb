import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { type Order, orderApi, within } from '../api/client';
import { answerOf, Failure, retryDelay } from '../api/failure';

/** An order, or that none is visible under its number yet; a number that can never be one is a failure. */
export type Seen = { order: Order } | { order: null };

/** order-api answers when the outcome is there, or after this time. */
const WAIT = '30s';

/** Follows an order to its outcome by long poll. */
export function useOrder(number: string) {
  const client = useQueryClient();
  const [cancelling, setCancelling] = useState(false);
  const queryKey = ['order', number];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Seen> => {
      // The first answer is for reading, at once; those after it come when something happened.
      const wait = client.getQueryData(queryKey) && !cancelling ? { wait: WAIT } : {};
      const call = orderApi.GET('/api/orders/{orderNumber}', {
        params: { path: { orderNumber: number }, query: wait },
        signal: within(70_000, signal),
      });
      try {
        return { order: await answerOf(call) };
      } catch (error) {
        if (error instanceof Failure && error.slug === 'order-not-visible-yet') return { order: null };
        // A storefront that is replaced ends its waits; nothing else changed.
        const before = client.getQueryData<Seen>(queryKey);
        if (before && error instanceof Failure && error.slug === 'stopping') return before;
        throw error;
      }
    },
    refetchInterval: ({ state: { data, error } }) => {
      if (error) return error instanceof Failure && error.status === 404 ? false : retryDelay(error);
      if (cancelling && data?.order?.status !== 'CANCELLED') return 1000;
      return data && (data.order === null || data.order.status === 'PENDING') ? 200 : false;
    },
  });
  const cancel = useMutation({
    mutationFn: () =>
      answerOf(
        orderApi.POST('/api/orders/{orderNumber}/cancel', {
          params: { path: { orderNumber: number } },
          signal: within(20_000),
        }),
      ),
    onSuccess: () => {
      setCancelling(true);
      return client.invalidateQueries({ queryKey });
    },
  });
  return { query, cancel, cancelling };
}
