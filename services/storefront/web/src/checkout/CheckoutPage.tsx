import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { useForm } from 'react-hook-form';

import { useBasket } from '../basket/useBasket';
import { Field } from '../ui/Field';
import { count, money, sums } from '../ui/format';
import { Notice } from '../ui/Notice';
import { draftShelf } from './draft';
import { Ending, OpenAttempt } from './Ending';
import { type Fields, fieldsOf, linesOf, NO_FIELDS, orderOf, placed, type Shown } from './fields';
import { usePlacing } from './usePlacing';

const REQUIRED = { required: 'This is needed.' };

export function CheckoutPage() {
  const { lines } = useBasket();
  const { send, forget, sending, open, ended, last } = usePlacing();
  const [draft] = useState(draftShelf);
  const form = useForm<Fields>({
    defaultValues: { ...NO_FIELDS, ...draft.read(), ...(last ? fieldsOf(last.body) : {}) },
  });
  const { register, handleSubmit, setError, subscribe, formState } = form;
  const wrong = useMemo(() => (ended?.is === 'invalid' ? placed(ended.errors) : null), [ended]);

  useEffect(
    () =>
      subscribe({
        formState: { values: true },
        callback: ({ values: { name, email, address, method } }) => draft.write({ name, email, address, method }),
      }),
    [subscribe, draft],
  );

  // When the fields can take the focus again.
  useEffect(() => {
    for (const [index, [field, message]] of (wrong?.fields ?? []).entries()) {
      setError(field, { message }, { shouldFocus: index === 0 });
    }
  }, [wrong, setError]);

  const submit = handleSubmit((fields) => send(open ? open.body : orderOf(fields, lines)));

  const title = <title>Check out – Oak & Linen</title>;
  if (lines.length === 0 && !open && !sending) {
    return (
      <>
        {title}
        <h1 tabIndex={-1}>Check out</h1>
        <Notice kind="plain" title="There is nothing to order">
          <p>
            <Link className="button button-main" to="/">
              Find something
            </Link>
          </p>
        </Notice>
      </>
    );
  }
  const error = (name: keyof Fields) => formState.errors[name]?.message;
  return (
    <>
      {title}
      <h1 tabIndex={-1}>Check out</h1>
      {open && <OpenAttempt attempt={open} ended={ended} resend={submit} forget={forget} />}
      {!open && ended && <Ending ended={ended} retry={submit} />}
      <form className="checkout" onSubmit={submit} noValidate>
        <fieldset disabled={open !== null || sending}>
          <legend>Where it goes</legend>
          <Field label="Name" autoComplete="name" error={error('name')} {...register('name', REQUIRED)} />
          <Field
            label="E-mail"
            type="email"
            autoComplete="email"
            hint="We write to you when the order is confirmed."
            error={error('email')}
            {...register('email', REQUIRED)}
          />
          <Field
            label="Address"
            area
            rows={3}
            autoComplete="street-address"
            error={error('address')}
            {...register('address', REQUIRED)}
          />
        </fieldset>
        <fieldset disabled={open !== null || sending}>
          <legend>How you pay</legend>
          <div className="field">
            <label htmlFor="method">Payment method</label>
            <select id="method" {...register('method')}>
              <option value="card">Card</option>
              <option value="paypal">PayPal</option>
              <option value="invoice">Invoice</option>
            </select>
          </div>
          <Field
            label="Payment token"
            autoComplete="off"
            spellCheck={false}
            hint="Your payment provider gives it to you. Never a card number: we refuse those."
            error={error('token') ?? error('method')}
            {...register('token', REQUIRED)}
          />
        </fieldset>
        <div className="checkout-end">
          <Summary lines={open ? linesOf(open.body, lines) : lines} errors={wrong?.lines} />
          {/* Not disabled while sending: it keeps the focus, and a second click is not sent. */}
          <button type="submit" className="button button-main button-large" aria-disabled={sending}>
            {sending ? 'Placing your order …' : open ? 'Send it again' : 'Place the order'}
          </button>
        </div>
      </form>
    </>
  );
}

function Summary({ lines, errors }: { lines: readonly Shown[]; errors: ReadonlyMap<number, string> | undefined }) {
  return (
    <section className="summary" aria-label="Your order">
      <ul>
        {lines.map((line, index) => (
          <li key={line.productId}>
            <span>
              {count(line.quantity)} × {line.name}
              {errors?.has(index) && <span className="field-error">{errors.get(index)}</span>}
            </span>
            <span>{money({ ...line.unitPrice, amount: line.unitPrice.amount * line.quantity })}</span>
          </li>
        ))}
      </ul>
      <p className="total">
        Total{' '}
        <strong>
          {sums(lines)
            .map((sum) => money(sum))
            .join(' + ')}
        </strong>
      </p>
    </section>
  );
}
