import { type ComponentProps, useId } from 'react';

type Common = { label: string; hint?: string | undefined; error?: string | undefined };
type FieldProps = Common &
  (({ area?: false } & ComponentProps<'input'>) | ({ area: true } & ComponentProps<'textarea'>));

/** A labelled field with its hint and what is wrong with it. */
export function Field({ label, hint, error, ...rest }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  const common = { id, 'aria-invalid': Boolean(error), 'aria-describedby': described || undefined };
  const { area, ...control } = rest;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {area ? (
        <textarea {...common} {...(control as ComponentProps<'textarea'>)} />
      ) : (
        <input {...common} {...(control as ComponentProps<'input'>)} />
      )}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
