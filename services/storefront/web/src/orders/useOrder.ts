import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { LIMIT, type Order, orderApi, within } from '../api/client';
import { answerOf, Failure, isFinal, retryDelay } from '../api/failure';

/** An order, or that none is visible under its number yet; a number that can never be one is a failure. */
export type Seen = { order: Order } | { order: null };

/** order-api answers when the outcome is there, or after this time. */
const WAIT = '30s';

/** Milliseconds until an order is asked for again; false when nothing more will come of it. */
export function lookAgain(seen: Seen | undefined, error: Error | null, cancelling: boolean): number | false {
  if (error) return !isFinal(error) && retryDelay(error);
  if (!seen) return false;
  const status = seen.order?.status ?? 'PENDING';
  if (status === 'PENDING') return 200;
  // A rejected order stays what it is, also when it was cancelled before it was decided.
  return cancelling && status !== 'CANCELLED' && status !== 'REJECTED' ? 1000 : false;
}

/** Follows an order to its outcome by long poll. */
export function useOrder(number: string) {
  const client = useQueryClient();
  const [cancelling, setCancelling] = useState(false);
  const queryKey = ['order', number];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Seen> => {
      // The first answer is for reading, at once; those after it come when something happened.
      const wait = client.getQueryData(queryKey) ? { wait: WAIT } : {};
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
    refetchInterval: ({ state: { data, error } }) => lookAgain(data, error, cancelling),
  });
  const cancel = useMutation({
    mutationFn: () =>
      answerOf(
        orderApi.POST('/api/orders/{orderNumber}/cancel', {
          params: { path: { orderNumber: number } },
          signal: within(LIMIT),
        }),
      ),
    onSuccess: () => {
      setCancelling(true);
      return client.invalidateQueries({ queryKey });
    },
  });
  return { query, cancel, cancelling };
}
