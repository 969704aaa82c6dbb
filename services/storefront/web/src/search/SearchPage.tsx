import { getRouteApi, Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';

import { useFailure } from '../api/useFailure';
import { count } from '../ui/format';
import { Notice } from '../ui/Notice';
import { ProductCard } from './ProductCard';
import { ReadFailure } from './ReadFailure';
import { useProducts } from './useProducts';

const route = getRouteApi('/');
/** Long enough for most pauses between two keys, short enough to feel at once. */
const PAUSE = 180;
const NO_TRAIL: string[] = [];

export function SearchPage() {
  const { search = '', cursor } = route.useSearch();
  const products = useProducts(search, cursor);
  const failure = useFailure(products);
  const page = failure ? undefined : products.data;
  return (
    <>
      <title>{search ? `${search} – Oak & Linen` : 'Oak & Linen'}</title>
      <div className="hero">
        <h1 tabIndex={-1}>Good things for your home</h1>
        <SearchField search={search} />
      </div>
      {failure ? (
        <ReadFailure error={failure} busy={products.isFetching} retry={() => products.refetch()} />
      ) : !page ? (
        <Skeleton />
      ) : page.items.length === 0 ? (
        <Notice kind="plain" title={search ? `Nothing has “${search}” in it` : 'The shop is empty'}>
          {search && (
            <p>
              Every character counts, spaces too. Try fewer of them, or <Link to="/">look at everything</Link>.
            </p>
          )}
        </Notice>
      ) : (
        <section aria-label="Products" aria-busy={products.isPlaceholderData}>
          <ul className={products.isPlaceholderData ? 'grid grid-outdated' : 'grid'}>
            {page.items.map((product) => (
              <ProductCard key={product.id} product={product} />
            ))}
          </ul>
          <Pages search={search} next={page.nextCursor} />
        </section>
      )}
      <p className="unseen" role="status">
        {page && !products.isPlaceholderData && `${count(page.items.length)} ${page.items.length === 1 ? 'product' : 'products'} on this page`}
      </p>
    </>
  );
}

/** Search as you type: the address follows after a pause, and the page follows the address. */
function SearchField({ search }: { search: string }) {
  const navigate = route.useNavigate();
  const [text, setText] = useState(search);
  const sent = useRef(search);
  useEffect(() => {
    // The address changed by other means: back, forward, a link.
    if (search !== sent.current) {
      sent.current = search;
      setText(search);
    }
  }, [search]);
  const look = (text: string) => {
    if (text === sent.current) return;
    sent.current = text;
    navigate({ to: '/', search: text ? { search: text } : {}, replace: true });
  };
  useEffect(() => {
    const timer = setTimeout(() => look(text), PAUSE);
    return () => clearTimeout(timer);
  });
  return (
    <search>
      <form
        className="search"
        onSubmit={(event) => {
          event.preventDefault();
          look(text);
        }}
      >
        <label className="unseen" htmlFor="search">
          Search for products
        </label>
        <input
          id="search"
          type="search"
          autoComplete="off"
          maxLength={1000}
          placeholder="Lamp, walnut, basket …"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </search>
  );
}

/** Pages are chained by cursors, so the way back is remembered in the history entry. */
function Pages({ search, next }: { search: string; next: string | null }) {
  const { cursor } = route.useSearch();
  const trail = useTrail();
  const at = (cursor: string | undefined) => ({ ...(search && { search }), ...(cursor && { cursor }) });
  if (!cursor && !next) return null;
  return (
    <nav className="pages" aria-label="Pages">
      {trail.length > 0 ? (
        <Link
          className="button"
          to="/"
          search={at(trail.at(-1) || undefined)}
          state={{ trail: trail.slice(0, -1) }}
          rel="prev"
        >
          Previous
        </Link>
      ) : cursor ? (
        <Link className="button" to="/" search={at(undefined)}>
          First page
        </Link>
      ) : (
        <span />
      )}
      {(trail.length > 0 || !cursor) && <span>Page {count(trail.length + 1)}</span>}
      {next ? (
        <Link className="button" to="/" search={at(next)} state={{ trail: [...trail, cursor ?? ''] }} rel="next">
          Next
        </Link>
      ) : (
        <span>That is all</span>
      )}
    </nav>
  );
}

function useTrail(): string[] {
  return useLocation({ select: ({ state }) => state.trail ?? NO_TRAIL });
}

function Skeleton() {
  return (
    <ul className="grid" aria-hidden="true">
      {Array.from({ length: 8 }, (_, index) => (
        <li className="card card-empty" key={index} />
      ))}
    </ul>
  );
}
