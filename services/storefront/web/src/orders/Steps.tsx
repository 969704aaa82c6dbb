import type { Order } from '../api/client';

const LAST: Record<Exclude<Order['status'], 'PENDING'>, string> = {
  CONFIRMED: 'Confirmed',
  REJECTED: 'Not accepted',
  FAILED: 'Needs attention',
  CANCELLED: 'Cancelled',
};

/** How far the order is; the notice below says it in words. */
export function Steps({ at }: { at: 'received' | Order['status'] }) {
  const done = at !== 'received' && at !== 'PENDING';
  const steps = ['Received', 'In process', done ? LAST[at] : 'Confirmed'];
  const current = done ? 2 : 1;
  return (
    <ol className={`steps ${done ? `steps-${at.toLowerCase()}` : ''}`}>
      {steps.map((step, index) => (
        <li
          key={step}
          className={index < current || done ? 'step-done' : index === current ? 'step-now' : ''}
          aria-current={index === current ? 'step' : undefined}
        >
          {step}
        </li>
      ))}
    </ol>
  );
}
