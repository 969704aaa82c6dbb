import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';

import { useFailure } from '../api/useFailure';
import { count, dateTime } from '../ui/format';
import { Notice } from '../ui/Notice';
import { type DeadLetter, deadLettersQuery, type Filter } from './deadLetters';
import { OpsFailure } from './OpsFailure';
import { useSession } from './session';

const STATUSES = { OPEN: 'Open', REPLAYED: 'Replayed', DISCARDED: 'Discarded', '': 'All' };
const REASONS = [
  'UNDECODABLE',
  'INVALID_EVENT',
  'UNKNOWN_SCHEMA_VERSION',
  'UNKNOWN_EVENT_TYPE',
  'NO_VALUE',
  'IDEMPOTENCY_CONFLICT',
  'REFUSED_BY_DATABASE',
];

export function DeadLettersPage() {
  const { token } = useSession();
  const [status, setStatus] = useState('OPEN');
  const [reason, setReason] = useState('');
  // Cursors of the pages so far; the last one is this page's.
  const [trail, setTrail] = useState<string[]>([]);
  const cursor = trail.at(-1);
  const filter: Filter = {
    limit: 50,
    ...(status && { status }),
    ...(reason && { reason }),
    ...(cursor && { cursor }),
  };
  const letters = useQuery(deadLettersQuery(token, filter));
  const failure = useFailure(letters);
  const page = failure ? undefined : letters.data;
  return (
    <>
      <form className="filter row" aria-label="Which dead letters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Status
          <select
            value={status}
            onChange={(event) => {
              setStatus(event.target.value);
              setTrail([]);
            }}
          >
            {Object.entries(STATUSES).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Reason
          <select
            value={reason}
            onChange={(event) => {
              setReason(event.target.value);
              setTrail([]);
            }}
          >
            <option value="">All</option>
            {REASONS.map((reason) => (
              <option key={reason}>{reason}</option>
            ))}
          </select>
        </label>
      </form>
      {failure ? (
        <OpsFailure what="The dead letters" error={failure} />
      ) : !page ? (
        <p role="status">Loading …</p>
      ) : page.items.length === 0 ? (
        <Notice kind="plain" title="None">
          <p>{status === 'OPEN' ? 'No record waits for a person.' : 'No dead letter is like this.'}</p>
        </Notice>
      ) : (
        <>
          <ul className="letters" aria-label="Dead letters" aria-busy={letters.isPlaceholderData}>
            {page.items.map((letter) => (
              <Letter key={letter.id} letter={letter} />
            ))}
          </ul>
          {(trail.length > 0 || page.nextCursor) && (
          <div className="pages">
            {trail.length > 0 ? (
              <button type="button" className="button" onClick={() => setTrail(trail.slice(0, -1))}>
                Newer
              </button>
            ) : (
              <span />
            )}
            <span>Page {count(trail.length + 1)}</span>
            {page.nextCursor ? (
              <button type="button" className="button" onClick={() => setTrail([...trail, page.nextCursor ?? ''])}>
                Older
              </button>
            ) : (
              <span />
            )}
          </div>
          )}
        </>
      )}
    </>
  );
}

function Letter({ letter }: { letter: DeadLetter }) {
  return (
    <li>
      <Link to="/ops/dead-letters/$id" params={{ id: String(letter.id) }}>
        {letter.reason} <span className="muted">#{letter.id}</span>
      </Link>
      <span className="letter-detail">{letter.detail}</span>
      <code className="letter-number">{letter.orderNumber ?? 'no order number'}</code>
      <span className="muted">
        <time dateTime={letter.createdAt}>{dateTime(letter.createdAt)}</time>
      </span>
      <span className="tag">{letter.status}</span>
    </li>
  );
}
