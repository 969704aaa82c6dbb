import type { ReactNode } from 'react';

/** Says what happened. `alert` is read out at once, the others when there is a pause. */
export function Notice(props: { kind: 'alert' | 'warning' | 'good' | 'plain'; title: string; children?: ReactNode }) {
  return (
    <section className={`notice notice-${props.kind}`} role={props.kind === 'alert' ? 'alert' : 'status'}>
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}
