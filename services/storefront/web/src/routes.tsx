// The views and their addresses; the storefront serves the page at exactly these.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  type RouterHistory,
} from '@tanstack/react-router';

import { Layout } from './app/Layout';
import { BasketPage } from './basket/BasketPage';
import { CheckoutPage } from './checkout/CheckoutPage';
import { OrderPage } from './orders/OrderPage';
import { SearchPage } from './search/SearchPage';
import { Notice } from './ui/Notice';

const root = createRootRoute({ component: Layout, notFoundComponent: NotFound, errorComponent: Broken });

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

const search = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: SearchPage,
  validateSearch: (raw: Record<string, unknown>): { search?: string; cursor?: string } => {
    const [search, cursor] = [text(raw.search), text(raw.cursor)];
    return { ...(search && { search }), ...(cursor && { cursor }) };
  },
});
const basket = createRoute({ getParentRoute: () => root, path: '/basket', component: BasketPage });
const checkout = createRoute({ getParentRoute: () => root, path: '/checkout', component: CheckoutPage });
const order = createRoute({ getParentRoute: () => root, path: '/orders/$number', component: OrderPage });
// What operations needs is loaded for operations alone.
const ops = createRoute({
  getParentRoute: () => root,
  path: '/ops',
  component: lazyRouteComponent(() => import('./ops/OpsPage'), 'OpsPage'),
});
const opsOverview = createRoute({
  getParentRoute: () => ops,
  path: '/',
  component: lazyRouteComponent(() => import('./ops/OverviewPage'), 'OverviewPage'),
});
const deadLetters = createRoute({
  getParentRoute: () => ops,
  path: '/dead-letters',
  component: lazyRouteComponent(() => import('./ops/DeadLettersPage'), 'DeadLettersPage'),
});
const deadLetter = createRoute({
  getParentRoute: () => ops,
  path: '/dead-letters/$id',
  component: lazyRouteComponent(() => import('./ops/DeadLetterPage'), 'DeadLetterPage'),
});

const routeTree = root.addChildren([
  search,
  basket,
  checkout,
  order,
  ops.addChildren([opsOverview, deadLetters, deadLetter]),
]);

export function makeRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    scrollRestoration: true,
    // Plain texts: `?search=100` is the text 100, as in order-api's and search-api's own addresses.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (values) => {
      const text = new URLSearchParams(values as Record<string, string>).toString();
      return text && `?${text}`;
    },
    ...(history && { history }),
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
  interface HistoryState {
    /** Cursors of the pages before this one. */
    trail?: string[];
    /** The order of this page was taken a moment ago. */
    accepted?: boolean;
  }
}

function NotFound() {
  return (
    <>
      <title>Nothing here – Oak & Linen</title>
      <h1 tabIndex={-1}>There is nothing here</h1>
      <p>
        The address may be old or mistyped. <Link to="/">To the shop</Link>
      </p>
    </>
  );
}

function Broken({ error }: { error: unknown }) {
  return (
    <Notice kind="alert" title="This page broke">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </p>
    </Notice>
  );
}
