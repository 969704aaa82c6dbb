// The operations token: in this tab alone, gone when it is closed.
import { createContext, use } from 'react';

import { Failure } from '../api/failure';
import { type Shelf, shelf } from '../ui/storage';

export function tokenShelf(): Shelf<string> {
  return shelf(() => sessionStorage, 'ops-token', (value) => (typeof value === 'string' && value ? value : null));
}

export interface Session {
  readonly token: string;
  readonly leave: () => void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('useSession needs a SessionContext around it');
  return session;
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

export function isRefused(error: unknown): boolean {
  return error instanceof Failure && error.status === 401;
}
