import { useQueries } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import type { Product } from '../api/client';
import { Failure } from '../api/failure';
import { productQuery } from '../search/useProducts';
import { count, money, sums } from '../ui/format';
import { Notice } from '../ui/Notice';
import { type Line, MOST_PIECES } from './basket';
import { useBasket } from './useBasket';

/** What the catalogue says of a line's product now; undefined while it is asked. */
type Now = { product: Product } | 'gone' | 'unknown' | undefined;

export function BasketPage() {
  const { lines } = useBasket();
  const now = useQueries({
    queries: lines.map((line) => productQuery(line.productId)),
    combine: (results) =>
      results.map(({ data, error }): Now => {
        if (error instanceof Failure && error.status === 404) return 'gone';
        if (error) return 'unknown';
        return data && { product: data };
      }),
  });
  const totals = sums(lines);
  return (
    <>
      <title>Basket – Oak & Linen</title>
      <h1 tabIndex={-1}>Basket</h1>
      {lines.length === 0 ? (
        <Notice kind="plain" title="Your basket is empty">
          <p>
            <Link className="button button-main" to="/">
              Find something
            </Link>
          </p>
        </Notice>
      ) : (
        <>
          <ul className="lines">
            {lines.map((line, index) => (
              <BasketLine key={line.productId} line={line} now={now[index]} />
            ))}
          </ul>
          {now.includes('unknown') && (
            <p role="status" className="hint">
              What these cost now and whether they are in stock cannot be looked up right now. An order is never taken at
              another price than the one here.
            </p>
          )}
          <p className="total">
            Total <strong>{totals.map((sum) => money(sum)).join(' + ')}</strong>
          </p>
          {totals.length > 1 ? (
            <Notice kind="warning" title="One currency at a time">
              <p>An order has one currency. Remove the lines of the others and order them on their own.</p>
            </Notice>
          ) : (
            <p className="row-end">
              <Link className="button" to="/">
                Keep looking
              </Link>
              <Link className="button button-main" to="/checkout">
                Check out
              </Link>
            </p>
          )}
        </>
      )}
    </>
  );
}

function BasketLine({ line, now }: { line: Line; now: Now }) {
  const { basket } = useBasket();
  const product = typeof now === 'object' ? now.product : undefined;
  const price = product?.price;
  const changed =
    price && (price.amount !== line.unitPrice.amount || price.currency !== line.unitPrice.currency) ? price : null;
  return (
    <li className="line">
      <div className="line-name">
        <h2>{line.name}</h2>
        <p className="sku">{line.sku}</p>
        {now === 'gone' && <p className="field-error">No longer sold. Please remove it.</p>}
        {changed && (
          <p className="field-error">
            The price is {money(changed)} now, it was {money(line.unitPrice)}.{' '}
            <button type="button" className="link" onClick={() => basket.setPrice(line.productId, changed)}>
              Take the new price<span className="unseen"> for {line.name}</span>
            </button>
          </p>
        )}
        {product && product.available < line.quantity && (
          <p className="field-error">
            {product.available > 0 ? `Only ${count(product.available)} left.` : 'Sold out.'}
          </p>
        )}
      </div>
      <Quantity line={line} />
      <p className="line-sum">
        <strong>{money({ ...line.unitPrice, amount: line.unitPrice.amount * line.quantity })}</strong>
        {line.quantity > 1 && <span className="muted">{money(line.unitPrice)} each</span>}
      </p>
      <button type="button" className="link" onClick={() => basket.remove(line.productId)}>
        Remove<span className="unseen"> {line.name}</span>
      </button>
    </li>
  );
}

function Quantity({ line }: { line: Line }) {
  const { basket } = useBasket();
  // What is half typed is no quantity yet.
  const [typed, setTyped] = useState<string | null>(null);
  const set = (quantity: number) => basket.setQuantity(line.productId, quantity);
  return (
    <div className="quantity">
      <button
        type="button"
        aria-label={`One less of ${line.name}`}
        disabled={line.quantity <= 1}
        onClick={() => set(line.quantity - 1)}
      >
        −
      </button>
      <input
        type="number"
        inputMode="numeric"
        min={1}
        max={MOST_PIECES}
        aria-label={`Pieces of ${line.name}`}
        value={typed ?? line.quantity}
        onChange={({ target }) => {
          setTyped(target.value);
          set(target.valueAsNumber);
        }}
        onBlur={() => setTyped(null)}
      />
      <button
        type="button"
        aria-label={`One more of ${line.name}`}
        disabled={line.quantity >= MOST_PIECES}
        onClick={() => set(line.quantity + 1)}
      >
        +
      </button>
    </div>
  );
}
