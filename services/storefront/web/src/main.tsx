import './styles.css';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { Basket } from './basket/basket';
import { BasketContext } from './basket/useBasket';
import { makeRouter } from './routes';

const queries = new QueryClient({
  defaultOptions: {
    // A failure is shown at once; the views try again by themselves. A browser's own idea of being online is
    // wrong too often to wait for it.
    queries: { retry: false, networkMode: 'always' },
    mutations: { retry: false, networkMode: 'always' },
  },
});
const router = makeRouter();
const page = document.getElementById('page');
if (!page) throw new Error('index.html has no #page');

createRoot(page).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <BasketContext value={new Basket()}>
        <RouterProvider router={router} />
      </BasketContext>
    </QueryClientProvider>
  </StrictMode>,
);
