import { Failure, isFinal } from '../api/failure';
import { Notice } from '../ui/Notice';

/** Why the catalogue is not shown, and what happens next. */
export function ReadFailure(props: { error: Error; busy: boolean; retry: () => void }) {
  const { title, text } = words(props.error);
  return (
    <Notice kind="alert" title={title}>
      <p>{text}</p>
      {!isFinal(props.error) && (
        <p>
          <button type="button" className="button" onClick={props.retry} aria-disabled={props.busy}>
            {props.busy ? 'Trying …' : 'Try again now'}
          </button>{' '}
          <span className="hint">This page keeps trying by itself.</span>
        </p>
      )}
    </Notice>
  );
}

function words(error: Error): { title: string; text: string } {
  const failure = error instanceof Failure ? error : null;
  switch (failure?.slug) {
    case 'database-unavailable':
    case 'schema-too-old':
      return {
        title: 'The catalogue cannot be read right now',
        text: 'Our database does not answer. Rather than prices and stock that may be wrong, we show none.',
      };
    case 'search-busy':
      return { title: 'Many people search right now', text: 'Your search comes up in a moment.' };
    case 'search-too-slow':
      return { title: 'This search took too long', text: 'A longer or more specific text is found sooner.' };
    case 'invalid-request':
      return {
        title: 'We cannot search for that',
        text: failure.problem?.errors?.map((error) => `${error.pointer.slice(1)} ${error.detail}`).join('; ') ?? '',
      };
    case 'upstream-unavailable':
    case 'upstream-broke-off':
    case 'upstream-timeout':
      return { title: 'Search is away for a moment', text: 'The rest of the shop works.' };
    default:
      return failure?.status == null
        ? { title: 'The shop cannot be reached', text: 'No answer came. Is this device connected?' }
        : { title: 'Search does not work right now', text: `${failure.message}.` };
  }
}
