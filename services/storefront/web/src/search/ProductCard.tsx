import type { Product } from '../api/client';
import { useBasket } from '../basket/useBasket';
import { count, money } from '../ui/format';
import { Picture } from './Picture';

const FEW = 5;

export function ProductCard({ product }: { product: Product }) {
  const { basket, lines } = useBasket();
  const full = !basket.takes(product.id);
  const inBasket = lines.find((line) => line.productId === product.id)?.quantity ?? 0;
  return (
    <li className="card">
      <Picture id={product.id} />
      <div className="card-text">
        <h2>{product.name}</h2>
        <p className="muted">{product.description}</p>
        <p className="sku">{product.sku}</p>
      </div>
      <div className="card-foot">
        <p>
          <strong className="price">{money(product.price)}</strong> <Stock available={product.available} />
        </p>
        <button
          type="button"
          className="button button-main"
          disabled={product.available <= 0 || full}
          onClick={() => basket.add(product)}
        >
          {inBasket > 0 ? (
            <>
              Add another{' '}
              <span className="badge badge-inside">
                {count(inBasket)}
                <span className="unseen"> in basket</span>
              </span>
            </>
          ) : full ? (
            'Your basket is full'
          ) : (
            'Add to basket'
          )}
          <span className="unseen"> {product.name}</span>
        </button>
      </div>
    </li>
  );
}

function Stock({ available }: { available: number }) {
  if (available <= 0) return <span className="stock stock-none">Sold out</span>;
  if (available <= FEW) return <span className="stock stock-few">Only {count(available)} left</span>;
  return <span className="stock">{count(available)} in stock</span>;
}
