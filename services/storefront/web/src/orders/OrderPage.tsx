import { getRouteApi, Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';

import type { Order } from '../api/client';
import { Failure } from '../api/failure';
import { useFailure } from '../api/useFailure';
import { useBasket } from '../basket/useBasket';
import { count, dateTime, money } from '../ui/format';
import { Notice } from '../ui/Notice';
import { Steps } from './Steps';
import { useOrder } from './useOrder';
import { statusWords, unreadable } from './words';

const route = getRouteApi('/orders/$number');

export function OrderPage() {
  const { number } = route.useParams();
  // Another number is another page, with nothing of the one before.
  return <OneOrder key={number} number={number} />;
}

function OneOrder({ number }: { number: string }) {
  const { query, cancel, cancelling } = useOrder(number);
  const accepted = useLocation({ select: ({ state }) => state.accepted === true });
  const order = query.data?.order ?? null;
  const failure = useFailure(query);
  const notAnOrder = failure instanceof Failure && failure.status === 404;
  return (
    <>
      <title>{order ? `${statusWords(order).title} – Oak & Linen` : 'Your order – Oak & Linen'}</title>
      <h1 tabIndex={-1}>Your order</h1>
      <p className="number">
        Number <code>{number}</code>
      </p>
      {failure && !notAnOrder && <NotReadable error={failure} busy={query.isFetching} retry={() => query.refetch()} />}
      {notAnOrder ? (
        <Notice kind="warning" title="There is no such order">
          <p>An order’s number looks different. Please take the link from your mail or from this browser’s history.</p>
        </Notice>
      ) : order ? (
        <Outcome order={order} />
      ) : query.data ? (
        <Unseen accepted={accepted} />
      ) : (
        !failure && <p role="status">Looking it up …</p>
      )}
      {order && order.items.length > 0 && <Items order={order} />}
      {!notAnOrder && <KeepLink />}
      {order && !notAnOrder && <Cancel order={order} cancel={cancel} cancelling={cancelling} />}
    </>
  );
}

function NotReadable({ error, busy, retry }: { error: Error; busy: boolean; retry: () => void }) {
  return (
    <Notice kind="warning" title="We cannot look it up right now">
      <p>
        {unreadable(error)} An order that we accepted is safe and is processed all the same. This page keeps trying.
      </p>
      <p>
        <button type="button" className="button" onClick={retry} aria-disabled={busy}>
          {busy ? 'Trying …' : 'Try again now'}
        </button>
      </p>
    </Notice>
  );
}

function Unseen({ accepted }: { accepted: boolean }) {
  return (
    <>
      <Steps at="received" />
      <Notice kind="plain" title={accepted ? 'We have your order' : 'This order is not visible yet'}>
        <p>
          {accepted
            ? 'It is stored safely and waits to be processed; this page tells the outcome. You may close it and come back.'
            : 'An order appears here once it was processed, usually within seconds. This page waits for it. If nothing comes, the number may be wrong.'}
        </p>
      </Notice>
    </>
  );
}

function Outcome({ order }: { order: Order }) {
  const { title, text, kind } = statusWords(order);
  return (
    <>
      <Steps at={order.status} />
      <Notice kind={kind} title={title}>
        <p>{text}</p>
        {order.status === 'REJECTED' && <OrderAgain order={order} />}
        <p className="hint">
          Placed {dateTime(order.createdAt)}
          {order.updatedAt !== order.createdAt && `, last changed ${dateTime(order.updatedAt)}`}
        </p>
      </Notice>
    </>
  );
}

/** The basket was emptied when the order was taken; prices and stock are looked up anew there. */
function OrderAgain({ order }: { order: Order }) {
  const { basket } = useBasket();
  const navigate = route.useNavigate();
  const whole = order.items.filter((item) => item.unitPrice && item.name && item.sku);
  if (whole.length === 0) return null;
  const putBack = () => {
    for (const { productId, sku, name, unitPrice, quantity } of whole) {
      if (!sku || !name || !unitPrice) continue;
      basket.add({ id: productId, sku, name, price: unitPrice, description: '', available: quantity }, quantity);
    }
    navigate({ to: '/basket' });
  };
  return (
    <p>
      <button type="button" className="button" onClick={putBack}>
        {order.reason === 'PRICE_CHANGED' ? 'Put it back into the basket at the new price' : 'Put it back into the basket'}
      </button>
    </p>
  );
}

function Items({ order }: { order: Order }) {
  return (
    <section className="summary" aria-label="What was ordered">
      <ul>
        {order.items.map((item, index) => (
          // The same product may stand in several lines, and lines never move.
          <li key={index}>
            <span>
              {count(item.quantity)} × {item.name ?? `product ${item.productId}`}
            </span>
            <span>
              {item.unitPrice ? money({ ...item.unitPrice, amount: item.unitPrice.amount * item.quantity }) : '–'}
            </span>
          </li>
        ))}
      </ul>
      {order.total && (
        <p className="total">
          Total <strong>{money(order.total)}</strong>
        </p>
      )}
    </section>
  );
}

/** Whoever has the link may read and cancel the order. */
function KeepLink() {
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied(true);
    } catch {
      // Without TLS there is no clipboard; the text is selected.
      setCopied(document.execCommand('copy'));
    }
  };
  return (
    <div className="keep">
      <label htmlFor="link">Keep this link: it always leads back here. Whoever has it can see and cancel the order.</label>
      <div className="row">
        <input id="link" ref={field} readOnly value={location.href} onFocus={(event) => event.target.select()} />
        <button type="button" className="button" onClick={copy}>
          Copy
        </button>
      </div>
      <p role="status" className="hint">
        {copied && 'Copied.'}
      </p>
    </div>
  );
}

function Cancel(props: { order: Order; cancel: ReturnType<typeof useOrder>['cancel']; cancelling: boolean }) {
  const { order, cancel, cancelling } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const can = order.status === 'CONFIRMED' || order.status === 'PENDING' || order.status === 'FAILED';
  useEffect(() => {
    if (!can) dialog.current?.close();
  }, [can]);
  if (!can) return null;
  if (cancelling) return <p role="status">Your cancellation is on its way …</p>;
  return (
    <>
      {cancel.isError && (
        <Notice kind="alert" title="We could not take your cancellation">
          <p>Please try again in a moment: cancelling twice does no harm.</p>
        </Notice>
      )}
      <p>
        <button type="button" className="link link-danger" onClick={() => dialog.current?.showModal()}>
          Cancel this order
        </button>
      </p>
      <dialog ref={dialog} aria-labelledby="cancel-title">
        <h2 id="cancel-title">Cancel this order?</h2>
        <p>Nothing will be delivered. This cannot be taken back.</p>
        <form method="dialog" className="row-end">
          <button type="submit" className="button">
            Keep it
          </button>
          <button type="submit" className="button button-danger" onClick={() => cancel.mutate()}>
            Cancel the order
          </button>
        </form>
      </dialog>
      {order.status !== 'PENDING' && (
        <p>
          <Link to="/">Keep looking</Link>
        </p>
      )}
    </>
  );
}
