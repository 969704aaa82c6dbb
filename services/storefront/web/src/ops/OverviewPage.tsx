import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';

import { useFailure } from '../api/useFailure';
import { count, dateTime } from '../ui/format';
import { deadLettersQuery } from './deadLetters';
import { OpsFailure } from './OpsFailure';
import { arrived, type Component, type Condition, type Decision, type Scaling, scalingQuery } from './scaling';
import { useSession } from './session';
import { clock, rate, seconds } from './units';

const Charts = lazy(() => import('./Charts').then(({ Charts }) => ({ default: Charts })));

export function OverviewPage() {
  const { token } = useSession();
  const scaling = useQuery(scalingQuery(token));
  const failure = useFailure(scaling);
  if (failure) return <OpsFailure what="Scaling" error={failure} />;
  if (!scaling.data) return <p role="status">Asking the operator …</p>;
  const data = scaling.data;
  return (
    <>
      <Figures data={data} />
      <Suspense fallback={<div className="charts charts-empty" role="status">Loading the charts …</div>}>
        <Charts data={data} />
      </Suspense>
      <Decisions decisions={data.decisions} />
      <Health components={data.components} conditions={data.conditions} />
    </>
  );
}

function Figures({ data }: { data: Scaling }) {
  const now = data.samples.at(-1);
  const target = data.targets?.maxOrderAgeSeconds;
  const age = now?.oldestOrderAgeSeconds ?? null;
  const late = age !== null && target !== undefined && age > target;
  const { scaling } = data;
  return (
    <dl className="figures">
      <Figure name="Oldest order waits" value={seconds(age)} bad={late}>
        {target !== undefined && (late ? `over the target of ${seconds(target)}` : `target: below ${seconds(target)}`)}
      </Figure>
      <Figure name="Orders waiting" value={now?.lag == null ? 'unknown' : count(now.lag)}>
        {scaling?.drainEta ? `worked off in about ${scaling.drainEta}` : undefined}
      </Figure>
      <Figure name="Come in" value={rate(now?.arrivalRate)}>
        {`worked off: ${rate(now?.serviceRate)}`}
      </Figure>
      <Figure name="Consumers" value={now ? count(now.replicas) : 'unknown'}>
        {scaling?.recommended != null &&
          `wanted: ${count(scaling.recommended)}${scaling.limitedBy ? `, limited by ${scaling.limitedBy}` : ''}`}
      </Figure>
      <Failed data={data} />
    </dl>
  );
}

/** Orders that became dead letters within the hour, of all that came in. */
function Failed({ data }: { data: Scaling }) {
  const { token } = useSession();
  // The same hour for a minute, so that it is not another question each time.
  const minute = Math.floor(Date.parse(data.now) / 60_000);
  const from = useMemo(() => new Date((minute - 60) * 60_000).toISOString(), [minute]);
  const letters = useQuery(deadLettersQuery(token, { from, limit: 200 }));
  const failed = letters.isError ? null : (letters.data?.items.length ?? null);
  const all = arrived(data.samples);
  const more = letters.data?.nextCursor ? 'more than ' : '';
  return (
    <Figure name="Failed in the last hour" value={failed === null ? 'unknown' : more + count(failed)} bad={Boolean(failed)}>
      {failed !== null && all !== null && all > 0 && `${share(failed / all)} of about ${count(Math.round(all))} orders. `}
      <Link to="/ops/dead-letters">Dead letters</Link>
    </Figure>
  );
}

function share(part: number): string {
  return new Intl.NumberFormat(undefined, { style: 'percent', maximumSignificantDigits: 2 }).format(part);
}

function Figure(props: { name: string; value: string; bad?: boolean; children?: React.ReactNode }) {
  return (
    <div className={props.bad ? 'figure figure-bad' : 'figure'}>
      <dt>{props.name}</dt>
      <dd>
        <strong>{props.value}</strong>
        <span className="muted">{props.children}</span>
      </dd>
    </div>
  );
}

function Decisions({ decisions }: { decisions: readonly Decision[] }) {
  return (
    <section className="panel" aria-labelledby="decisions">
      <h2 id="decisions">Why there are so many consumers</h2>
      {decisions.length === 0 ? (
        <p className="muted">Nothing was decided in the last hour.</p>
      ) : (
        <ul className="decisions">
          {[...decisions].reverse().map((decision) => (
            <li key={`${decision.t} ${decision.to}`}>
              <time dateTime={decision.t}>{clock(decision.t)}</time>
              <strong>{decision.from === decision.to ? `stays ${decision.to}` : `${decision.from} → ${decision.to}`}</strong>
              <span>
                {decision.reason}
                {decision.limitedBy && <span className="tag">limited by {decision.limitedBy}</span>}
                {!decision.applied && <span className="tag">only recommended</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Health({ components, conditions }: { components: readonly Component[]; conditions: readonly Condition[] }) {
  return (
    <div className="panels">
      <section className="panel" aria-labelledby="components">
        <h2 id="components">Components</h2>
        <ul className="states">
          {components.map(({ name, ready, desired, version }) => (
            <li key={name} className={ready < desired ? 'state-bad' : 'state-good'}>
              <strong>{name}</strong>
              <span>
                {count(ready)} of {count(desired)} ready
              </span>
              <span className="muted">{version}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className="panel" aria-labelledby="conditions">
        <h2 id="conditions">Conditions</h2>
        <ul className="states">
          {conditions.map(({ type, status, reason, message, lastTransitionTime }) => (
            <li key={type} className={isGood(type, status) ? 'state-good' : 'state-bad'}>
              <strong>{type}</strong>
              <span>
                {status}
                {reason && reason !== type && ` (${reason})`}
                {message && `: ${message}`}
              </span>
              <time className="muted" dateTime={lastTransitionTime}>
                since {dateTime(lastTransitionTime)}
              </time>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

/** kstatus: these two tell of trouble when they are True; the others when they are not. */
function isGood(type: string, status: string): boolean {
  const abnormal = ['Reconciling', 'Stalled', 'FieldsWithoutEffect', 'TransactionStuck'].includes(type);
  return status === (abnormal ? 'False' : 'True');
}
