import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';

import { Field } from '../ui/Field';
import { type DeadLetterDetail, discard } from './deadLetters';
import { Refused } from './ReplayForm';
import { useSession } from './session';

/** Nothing is to be done about it; the reason stays with it. */
export function DiscardForm({ letter, changed }: { letter: DeadLetterDetail; changed: () => void }) {
  const { token } = useSession();
  const { register, handleSubmit, formState } = useForm<{ reason: string }>({ defaultValues: { reason: '' } });
  const sending = useMutation({
    mutationFn: ({ reason }: { reason: string }) => discard(token, letter.id, reason.trim(), letter.replayCount),
    onSuccess: changed,
  });
  return (
    <form className="panel" onSubmit={handleSubmit((fields) => sending.isPending || sending.mutate(fields))} noValidate>
      <h2>Discard</h2>
      <Field
        label="Why nothing is to be done"
        maxLength={500}
        error={formState.errors.reason?.message}
        {...register('reason', { validate: (text) => text.trim() !== '' || 'This is needed.' })}
      />
      {sending.isError && <Refused error={sending.error} />}
      <p>
        <button type="submit" className="button button-danger" aria-disabled={sending.isPending}>
          Discard
        </button>
      </p>
    </form>
  );
}
