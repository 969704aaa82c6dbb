import './ops.css';
import './overview.css';
import './deadLetters.css';

import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useForm } from 'react-hook-form';

import { Field } from '../ui/Field';
import { SessionContext, tokenShelf } from './session';

/** Everything below it knows the token. */
export function OpsPage() {
  const [stored] = useState(tokenShelf);
  const [token, setToken] = useState(() => stored.read());
  const keep = (token: string | null) => {
    stored.write(token);
    setToken(token);
  };
  const client = useQueryClient();
  const session = useMemo(() => {
    // What it showed is forgotten as well; personal data may be among it.
    const leave = () => {
      keep(null);
      client.removeQueries({ queryKey: ['ops'] });
    };
    return token && { token, leave };
  }, [token, client]);
  return (
    <>
      <title>Operations – Oak & Linen</title>
      <h1 tabIndex={-1}>Operations</h1>
      {session ? (
        <SessionContext value={session}>
          <div className="tabs">
            <nav className="row" aria-label="Operations">
              <Link to="/ops" activeOptions={{ exact: true }} className="tab">
                Overview
              </Link>
              <Link to="/ops/dead-letters" className="tab">
                Dead letters
              </Link>
            </nav>
            <button type="button" className="link" onClick={session.leave}>
              Forget the token
            </button>
          </div>
          <Outlet />
        </SessionContext>
      ) : (
        <TokenForm enter={keep} />
      )}
    </>
  );
}

function TokenForm({ enter }: { enter: (token: string) => void }) {
  const { register, handleSubmit, formState } = useForm<{ token: string }>();
  return (
    <form className="token" onSubmit={handleSubmit(({ token }) => enter(token.trim()))} noValidate>
      <Field
        label="Access token"
        type="password"
        autoComplete="off"
        hint="The one of spec.access.adminTokenSecretRef. It stays in this tab and goes when the tab is closed."
        error={formState.errors.token?.message}
        {...register('token', { required: 'This is needed.' })}
      />
      <p>
        <button type="submit" className="button button-main">
          Show operations
        </button>
      </p>
    </form>
  );
}
