import type { components } from './order-api';

export type Problem = components['schemas']['Problem'];
export type FieldError = components['schemas']['FieldError'];

/** A call without the answer it was made for. */
export class Failure extends Error {
  /** The HTTP status; null when no answer came at all. */
  readonly status: number | null;
  /** The last part of the problem's `type`; null for what is no problem of ours. */
  readonly slug: string | null;
  readonly problem: (Problem & { [member: string]: unknown }) | null;
  /** What the server asks us to wait; null when it says nothing. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number | null, body: unknown, retryAfter: string | null) {
    const problem = isProblem(body) ? body : null;
    super(problem?.title ?? (status === null ? 'No answer came' : `The answer was ${status}`));
    this.status = status;
    this.problem = problem;
    this.slug = problem?.type.split(':').at(-1) ?? null;
    const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
    this.retryAfterSeconds = Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
  }

  /** A member that only this type of problem has. */
  member(name: string): string | null {
    const value = this.problem?.[name];
    return typeof value === 'string' ? value : null;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string';
}

/** The body of a good answer; throws a Failure for any other. */
export async function answerOf<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let result: { data?: T; error?: unknown; response: Response };
  try {
    result = await call;
  } catch (error) {
    // Outdated calls are ended by who made them, and nobody looks at their end.
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Failure(null, null, null);
  }
  const { data, error, response } = result;
  if (!response.ok || data === undefined) {
    throw new Failure(response.status, error, response.headers.get('retry-after'));
  }
  return data;
}

/** True when the same question can only be refused again. */
export function isFinal(error: Error): boolean {
  return error instanceof Failure && error.status !== null && [400, 404, 422].includes(error.status);
}

/** How long until a failed read is tried again by itself. */
export function retryDelay(error: Error): number {
  const seconds = error instanceof Failure ? error.retryAfterSeconds : null;
  return Math.max(seconds ?? 3, 2) * 1000;
}
