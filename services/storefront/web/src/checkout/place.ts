// Sending an order, and what its answer means for the shopper.
import { LIMIT, orderApi, within } from '../api/client';
import { answerOf, Failure, type FieldError } from '../api/failure';
import type { Attempt } from './attempt';

export type Placed =
  | { is: 'accepted'; orderNumber: string }
  /** Wrong fields; nothing was taken. */
  | { is: 'invalid'; errors: readonly FieldError[] }
  /** The key has another order already. */
  | { is: 'conflict'; orderNumber: string | null }
  /** Certainly not taken. */
  | { is: 'refused'; failure: Failure }
  /** It may have been taken. */
  | { is: 'unknown'; failure: Failure; orderNumber: string | null };

/** Slugs of answers after which nothing was changed. */
const REFUSALS = new Set([
  'kafka-unavailable',
  'overloaded',
  'too-many-requests',
  'upstream-unavailable',
  'malformed-json',
  'unsupported-media-type',
  'body-too-large',
]);

/** Never throws: every end is one of Placed. */
export async function place(attempt: Attempt): Promise<Placed> {
  const call = orderApi.POST('/api/orders', {
    params: { header: { 'Idempotency-Key': attempt.key } },
    body: attempt.body,
    signal: within(LIMIT),
  });
  try {
    return { is: 'accepted', orderNumber: (await answerOf(call)).orderNumber };
  } catch (error) {
    return meaning(error instanceof Failure ? error : new Failure(null, null, null));
  }
}

/**
 * What an answer means after an earlier send of the same order that had none: that this one was not taken says nothing
 * about that one.
 */
export function afterDoubt(placed: Placed): Placed {
  if (placed.is !== 'refused') return placed;
  return { is: 'unknown', failure: placed.failure, orderNumber: placed.failure.member('orderNumber') };
}

/** True when this send certainly changed nothing. */
export function isRefusal({ slug }: Failure): boolean {
  return slug !== null && REFUSALS.has(slug);
}

export function meaning(failure: Failure): Placed {
  const orderNumber = failure.member('orderNumber');
  if (failure.slug === 'invalid-request') return { is: 'invalid', errors: failure.problem?.errors ?? [] };
  if (failure.slug === 'idempotency-conflict') return { is: 'conflict', orderNumber };
  if (isRefusal(failure)) return { is: 'refused', failure };
  return { is: 'unknown', failure, orderNumber };
}
