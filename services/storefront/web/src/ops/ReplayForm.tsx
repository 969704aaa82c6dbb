import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';

import { Failure } from '../api/failure';
import { Field } from '../ui/Field';
import { Notice } from '../ui/Notice';
import { type DeadLetterDetail, type Replay, replay } from './deadLetters';
import { useSession } from './session';

interface Fields {
  body: string;
  orderNumber: string;
}

/** What order-api takes when the record holds nothing to start from. */
const EMPTY = {
  customer: { name: '', email: '', address: '' },
  items: [{ productId: 1, quantity: 1 }],
  payment: { method: '', token: '' },
};

/** Publishes the order again, as it is or edited. It counts once, however often that is done. */
export function ReplayForm({ letter, changed }: { letter: DeadLetterDetail; changed: () => void }) {
  const { token } = useSession();
  const needsBody = letter.replayNeeds.includes('body');
  const needsNumber = letter.replayNeeds.includes('orderNumber');
  const original = JSON.stringify(letter.body ?? EMPTY, null, 2);
  const { register, handleSubmit, formState } = useForm<Fields>({ defaultValues: { body: original, orderNumber: 'new' } });
  const sending = useMutation({
    mutationFn: ({ body, orderNumber }: Fields) => {
      const edited = body !== original || needsBody;
      const request: Replay = {
        replayCount: letter.replayCount,
        ...(edited && { body: JSON.parse(body) }),
        ...(needsNumber && { orderNumber: orderNumber.trim() }),
      };
      return replay(token, letter.id, request);
    },
    onSuccess: changed,
  });
  return (
    <form className="panel" onSubmit={handleSubmit((fields) => sending.isPending || sending.mutate(fields))} noValidate>
      <h2>Replay</h2>
      <p className="muted">
        {needsBody
          ? 'The record cannot be taken as it is: put right what is wrong first.'
          : 'As it is, or with changes. *** stands for what it was.'}
      </p>
      <Field
        label="Order"
        area
        rows={16}
        className="code"
        spellCheck={false}
        error={formState.errors.body?.message}
        {...register('body', { validate: (text) => jsonError(text) ?? true })}
      />
      {needsNumber && (
        <Field
          label="Order number"
          hint="“new” makes a new order; else the UUID that the order has."
          error={formState.errors.orderNumber?.message}
          {...register('orderNumber', { required: 'This is needed.' })}
        />
      )}
      {sending.isError && <Refused error={sending.error} />}
      {sending.data && (
        <Notice kind="good" title="It is on its way">
          <p>
            <Link to="/orders/$number" params={{ number: sending.data.orderNumber }}>
              What becomes of the order
            </Link>
          </p>
        </Notice>
      )}
      <p>
        <button type="submit" className="button button-main" aria-disabled={sending.isPending}>
          {sending.isPending ? 'Sending …' : 'Replay'}
        </button>
      </p>
    </form>
  );
}

export function Refused({ error }: { error: Error }) {
  const problem = error instanceof Failure ? error.problem : null;
  return (
    <Notice kind="alert" title={error.message}>
      {problem?.detail && <p>{problem.detail}</p>}
      {problem?.errors && (
        <ul className="errors">
          {problem.errors.map(({ pointer, detail }) => (
            <li key={pointer + detail}>
              <code>{pointer}</code> {detail}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

function jsonError(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : error}`;
  }
}
