// Dead letters by order-api; every call carries the token.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';

import { LIMIT, orderApi, within } from '../api/client';
import { answerOf, Failure, retryDelay } from '../api/failure';
import type { components, paths } from '../api/order-api';
import { bearer, isRefused } from './session';

export type DeadLetter = components['schemas']['DeadLetter'];
export type DeadLetterDetail = components['schemas']['DeadLetterDetail'];
export type Replay = components['schemas']['ReplayRequest'];
export type Filter = NonNullable<paths['/api/dead-letters']['get']['parameters']['query']>;

const LOOK_AGAIN = 15_000;
const refetchInterval = ({ state: { error } }: { state: { error: Error | null } }) => {
  if (!error) return LOOK_AGAIN;
  return isRefused(error) ? (false as const) : retryDelay(error);
};

export function deadLettersQuery(token: string, filter: Filter) {
  return queryOptions({
    queryKey: ['ops', 'dead-letters', token, filter],
    queryFn: ({ signal }) =>
      answerOf(
        orderApi.GET('/api/dead-letters', {
          params: { query: filter },
          headers: bearer(token),
          signal: within(LIMIT, signal),
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
}

/** `reveal` shows personal data, and order-api's log says so. */
export function deadLetterQuery(token: string, id: number, reveal: boolean) {
  return queryOptions({
    queryKey: ['ops', 'dead-letter', token, id, reveal],
    queryFn: ({ signal }) =>
      answerOf(
        orderApi.GET('/api/dead-letters/{id}', {
          params: { path: { id }, query: reveal ? { reveal } : {} },
          headers: bearer(token),
          signal: within(LIMIT, signal),
        }),
      ),
    // Under the hands of who edits it nothing changes by itself; what failed is tried again.
    refetchInterval: ({ state: { error } }) => error !== null && !isRefused(error) && !isNoLetter(error) && retryDelay(error),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

/** There is none with this id. */
export function isNoLetter(error: Error): boolean {
  return error instanceof Failure && error.slug === 'no-such-dead-letter';
}

export function replay(token: string, id: number, body: Replay) {
  return answerOf(
    orderApi.POST('/api/dead-letters/{id}/replay', {
      params: { path: { id } },
      headers: bearer(token),
      body,
      signal: within(LIMIT),
    }),
  );
}

export function discard(token: string, id: number, reason: string, replayCount: number) {
  return answerOf(
    orderApi.POST('/api/dead-letters/{id}/discard', {
      params: { path: { id } },
      headers: bearer(token),
      body: { reason, replayCount },
      signal: within(LIMIT),
    }),
  );
}
