import { useEffect, useState } from 'react';

interface Read {
  readonly error: Error | null;
  readonly isSuccess: boolean;
  readonly isPlaceholderData: boolean;
}

/**
 * The failure that stands: until a real answer came, also while the next try is under way. A query forgets its failure
 * at each try, and would show what was there before it, which may no longer be true.
 */
export function useFailure({ error, isSuccess, isPlaceholderData }: Read): Error | null {
  const [last, setLast] = useState<Error | null>(null);
  const answered = isSuccess && !isPlaceholderData && !error;
  useEffect(() => {
    if (error) setLast(error);
    else if (answered) setLast(null);
  }, [error, answered]);
  return error ?? (answered ? null : last);
}
