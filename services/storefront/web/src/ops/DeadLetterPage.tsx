import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';

import { dateTime } from '../ui/format';
import { Notice } from '../ui/Notice';
import { type DeadLetterDetail, deadLetterQuery, isNoLetter } from './deadLetters';
import { DiscardForm } from './DiscardForm';
import { OpsFailure } from './OpsFailure';
import { ReplayForm } from './ReplayForm';
import { useSession } from './session';

const route = getRouteApi('/ops/dead-letters/$id');

export function DeadLetterPage() {
  const { id } = route.useParams();
  const { token } = useSession();
  const [reveal, setReveal] = useState(false);
  const letter = useQuery(deadLetterQuery(token, Number(id), reveal));
  const client = useQueryClient();
  // What was done changes the lists as well.
  const changed = () => client.invalidateQueries({ queryKey: ['ops'] });
  return (
    <>
      <p>
        <Link to="/ops/dead-letters">All dead letters</Link>
      </p>
      {letter.isError ? (
        isNoLetter(letter.error) ? (
          <Notice kind="warning" title="There is no such dead letter" />
        ) : (
          <OpsFailure what="This dead letter" error={letter.error} />
        )
      ) : letter.data ? (
        <Detail
          key={`${letter.data.id} ${reveal} ${letter.data.replayCount}`}
          letter={letter.data}
          revealed={reveal}
          reveal={() => setReveal(true)}
          changed={changed}
        />
      ) : (
        <p role="status">Loading …</p>
      )}
    </>
  );
}

function Detail(props: { letter: DeadLetterDetail; revealed: boolean; reveal: () => void; changed: () => void }) {
  const { letter, revealed, reveal, changed } = props;
  return (
    <>
      <h2 className="letter-title">
        {letter.reason} <span className="muted">#{letter.id}</span> <span className="tag">{letter.status}</span>
      </h2>
      <p>{letter.detail}</p>
      {letter.status === 'REPLAYED' && letter.replayedAs && (
        <Notice kind="good" title="It was replayed">
          <p>
            <Link to="/orders/$number" params={{ number: letter.replayedAs }}>
              What became of the order
            </Link>
          </p>
        </Notice>
      )}
      {letter.status === 'DISCARDED' && (
        <Notice kind="plain" title="It was discarded">
          <p>{letter.note}</p>
        </Notice>
      )}
      {letter.status === 'OPEN' && (
        <>
          <ReplayForm letter={letter} changed={changed} />
          <DiscardForm letter={letter} changed={changed} />
        </>
      )}
      <section className="panel" aria-labelledby="record">
        <h2 id="record">The record</h2>
        <dl className="facts">
          <Fact name="Order number" value={letter.orderNumber} />
          <Fact name="Place" value={`${letter.topic}, partition ${letter.partition}, offset ${letter.offset}`} />
          <Fact name="Written" value={letter.recordedAt && dateTime(letter.recordedAt)} />
          <Fact name="Became a dead letter" value={dateTime(letter.createdAt)} />
          <Fact name="Tries before" value={letter.attempts} />
          <Fact name="Replays" value={letter.replayCount} />
          <Fact name="Size" value={`${letter.size} bytes`} />
          <Fact name="SHA-256" value={letter.sha256} />
          {letter.headers.map((header) => (
            <Fact key={header.name} name={`Header ${header.name}`} value={header.value} />
          ))}
        </dl>
        <h3>Its value</h3>
        {letter.event ? (
          <pre tabIndex={0} aria-label="Value as JSON" role="region">
            {JSON.stringify(letter.event, null, 2)}
          </pre>
        ) : (
          <p className="muted">It is not JSON.{revealed ? '' : ' Revealed, its bytes are shown in base64.'}</p>
        )}
        {letter.base64 && (
          <pre tabIndex={0} aria-label="Value in base64" role="region">
            {letter.base64}
          </pre>
        )}
        {!revealed && (
          <p>
            <button type="button" className="button" onClick={reveal}>
              Reveal personal data
            </button>{' '}
            <span className="hint">This is logged.</span>
          </p>
        )}
      </section>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string | number | null | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? 'unknown'}</dd>
    </div>
  );
}
