import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

import type { Failure } from '../api/failure';
import { Notice } from '../ui/Notice';
import type { Attempt } from './attempt';
import { placed } from './fields';
import { isRefusal } from './place';
import type { Ended } from './usePlacing';

/** An attempt that may have gone through: sending it again is safe, changing it is a new order. */
export function OpenAttempt(props: { attempt: Attempt; ended: Ended | null; resend: () => void; forget: () => void }) {
  const { attempt, ended, resend, forget } = props;
  return (
    <Notice kind="alert" title="We do not know yet whether your order reached us">
      <p>
        {ended?.is === 'unknown' ? because(ended.failure) : 'The page was left before the answer came.'} Send it again:
        it is the same order, so there will be one and not two.
      </p>
      <p className="row">
        <button type="button" className="button button-main" onClick={resend}>
          Send it again
        </button>
        {attempt.orderNumber && (
          <Link className="button" to="/orders/$number" params={{ number: attempt.orderNumber }}>
            See whether it is there
          </Link>
        )}
        <button type="button" className="link" onClick={forget}>
          Change it instead (this may make a second order)
        </button>
      </p>
    </Notice>
  );
}

function because(failure: Failure): string {
  const { status, slug } = failure;
  if (isRefusal(failure)) return 'Orders cannot be taken right now, and an earlier try has no answer.';
  if (status === null) return 'The connection broke off before an answer came.';
  if (slug === 'outcome-unknown') return 'Our order intake took too long to answer.';
  return 'Something went wrong on our side before an answer came.';
}

/** Why an order was not taken. */
export function Ending({ ended, retry }: { ended: Ended; retry: () => void }) {
  switch (ended.is) {
    case 'invalid': {
      const { fields, lines, others } = placed(ended.errors);
      return (
        <Notice kind="alert" title="Please look at this again">
          {fields.length + lines.size > 0 && <p>What is wrong is written beside it.</p>}
          {others.map((other) => (
            <p key={other}>{other}</p>
          ))}
        </Notice>
      );
    }
    case 'conflict':
      return (
        <Notice kind="alert" title="This order was placed before, with other contents">
          <p>
            The first one stands.{' '}
            {ended.orderNumber && (
              <Link to="/orders/$number" params={{ number: ended.orderNumber }}>
                Look at it
              </Link>
            )}{' '}
            To order this as well, place the order once more.
          </p>
        </Notice>
      );
    case 'refused':
      return <Refused failure={ended.failure} retry={retry} />;
    case 'unknown':
      return null;
  }
}

function Refused({ failure, retry }: { failure: Failure; retry: () => void }) {
  const left = useCountdown(failure);
  const { title, text } = refusal(failure);
  return (
    <Notice kind="alert" title={title}>
      <p>
        {text} Nothing was ordered, your basket is as it was, and trying again is safe: it stays one order.
      </p>
      <p>
        <button type="button" className="button button-main" onClick={() => left === 0 && retry()} aria-disabled={left > 0}>
          {left > 0 ? `Try again in ${left} s` : 'Try again'}
        </button>
      </p>
    </Notice>
  );
}

function refusal({ slug, message }: Failure): { title: string; text: string } {
  switch (slug) {
    case 'kafka-unavailable':
      return { title: 'Orders cannot be taken right now', text: 'Our order queue is away for a moment.' };
    case 'overloaded':
      return { title: 'Very many people order right now', text: 'We take no more than we can keep.' };
    case 'too-many-requests':
      return { title: 'Too many orders from your address', text: 'Please wait a little.' };
    case 'upstream-unavailable':
      return { title: 'Orders cannot be taken right now', text: 'Our order intake is away for a moment.' };
    default:
      return { title: 'The order could not be taken', text: `${message}.` };
  }
}

/** Whole seconds until the server wants to be asked again. */
function useCountdown(failure: Failure): number {
  const [left, setLeft] = useState(failure.retryAfterSeconds ?? 0);
  useEffect(() => setLeft(failure.retryAfterSeconds ?? 0), [failure]);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return left;
}
