import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';

import type { PlaceOrder } from '../api/client';
import { useBasket } from '../basket/useBasket';
import { type Attempt, attemptFor, attemptShelf } from './attempt';
import { afterDoubt, type Placed, place } from './place';

export type Ended = Exclude<Placed, { is: 'accepted' }>;

/** Sends an order; remembers the attempt before it goes out and until a clear answer came. */
export function usePlacing() {
  const navigate = useNavigate();
  const { basket } = useBasket();
  const [stored] = useState(attemptShelf);
  // Of a page that was left or reloaded before the answer came.
  const [attempt, setAttempt] = useState<Attempt | null>(() => stored.read());
  const [ended, setEnded] = useState<Ended | null>(null);
  const [sending, setSending] = useState(false);
  // A double click comes before the state has changed.
  const inHand = useRef(false);

  const keep = (attempt: Attempt | null) => {
    stored.write(attempt);
    setAttempt(attempt);
  };

  const send = async (body: PlaceOrder): Promise<void> => {
    if (inHand.current) return;
    inHand.current = true;
    setSending(true);
    setEnded(null);
    const before = stored.read();
    const attempt = attemptFor(body, before);
    const doubtful = before !== null && before.key === attempt.key && !before.refused;
    keep(attempt);
    const answer = await place(attempt);
    const placed = doubtful ? afterDoubt(answer) : answer;
    if (placed.is === 'accepted') {
      // It stays in hand until the order's page is there.
      basket.ordered(attempt.body.items);
      keep(null);
      await navigate({ to: '/orders/$number', params: { number: placed.orderNumber }, state: { accepted: true } });
      return;
    }
    inHand.current = false;
    setSending(false);
    setEnded(placed);
    if (placed.is === 'refused') keep({ ...attempt, refused: true });
    else if (placed.is === 'unknown') keep({ ...attempt, orderNumber: placed.orderNumber ?? attempt.orderNumber });
    else keep(null);
  };

  const forget = () => {
    keep(null);
    setEnded(null);
  };

  /** The attempt that may have gone through, when there is one. */
  const open = attempt && !attempt.refused && !sending ? attempt : null;
  return { send, forget, sending, open, ended, last: attempt };
}
