import { Failure } from '../api/failure';
import { Notice } from '../ui/Notice';
import { isRefused, useSession } from './session';

/** Why something of operations is not shown. */
export function OpsFailure({ what, error }: { what: string; error: Error }) {
  const { leave } = useSession();
  const failure = error instanceof Failure ? error : null;
  if (isRefused(error)) {
    return (
      <Notice kind="alert" title="This token does not open it">
        <p>It may have been replaced, or belongs to another pipeline.</p>
        <p>
          <button type="button" className="button" onClick={leave}>
            Enter another token
          </button>
        </p>
      </Notice>
    );
  }
  return (
    <Notice kind="alert" title={`${what} cannot be shown`}>
      <p>{reason(failure)} This page keeps trying.</p>
    </Notice>
  );
}

function reason(failure: Failure | null): string {
  switch (failure?.slug) {
    case 'database-unavailable':
      return 'The database does not answer; dead letters are kept there.';
    case 'no-operator':
      return 'The storefront was not told where the operator is (OPS_URL).';
    case 'upstream-unavailable':
      return 'Whoever knows it is not reachable.';
    default:
      if (failure?.status == null) return 'No answer came.';
      return `${failure.message}.${failure.problem?.detail ? ` ${failure.problem.detail}` : ''}`;
  }
}
