import { Link, Outlet, useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

import { useBasket } from '../basket/useBasket';
import { count } from '../ui/format';

export function Layout() {
  const { lines } = useBasket();
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0);
  const main = useFocusOnNewPage();
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="top">
        <div className="top-inner">
          <Link to="/" className="brand">
            <Mark /> Oak &amp; Linen
          </Link>
          <nav aria-label="Shop">
            <Link to="/basket" className="button basket-link">
              Basket <span className="badge">{count(pieces)}</span>
              <span className="unseen"> {pieces === 1 ? 'piece' : 'pieces'}</span>
            </Link>
          </nav>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Outlet />
      </main>
      <footer className="bottom">
        <p>Prices and stock are those of this moment.</p>
        <Link to="/ops">Operations</Link>
      </footer>
    </>
  );
}

/** A screen reader hears the new page's heading; the first page keeps the browser's own start. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null);
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (!fromLocation || !pathChanged) return;
        main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
      }),
    [router],
  );
  return main;
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M16 25V13m0 5c-4.500 0-7-2.500-7-7 4.500 0 7 2.500 7 7zm0-3c0-4.500 2.500-7 7-7 0 4.500-2.500 7-7 7z" />
    </svg>
  );
}
