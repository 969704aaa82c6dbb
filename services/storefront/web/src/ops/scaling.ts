// What the operator tells of a pipeline, in the shape of operator/golden/scaling.json. What is not known is null.
import { queryOptions } from '@tanstack/react-query';

import { LIMIT, within } from '../api/client';
import { answerOf, Failure, retryDelay } from '../api/failure';
import { isRecord } from '../ui/storage';
import { bearer, isRefused } from './session';

export interface Sample {
  t: string;
  lag: number | null;
  oldestOrderAgeSeconds: number | null;
  /** Orders a second. */
  arrivalRate: number | null;
  serviceRate: number | null;
  replicas: number;
}

export interface Decision {
  t: string;
  from: number;
  to: number;
  applied: boolean;
  reason: string;
  limitedBy: string | null;
}

export interface Component {
  name: string;
  ready: number;
  desired: number;
  version?: string | null;
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface Scaling {
  namespace: string;
  name: string;
  now: string;
  components: Component[];
  conditions: Condition[];
  scaling: {
    replicas?: number | null;
    recommended?: number | null;
    limitedBy?: string | null;
    capacityPerReplica?: number | null;
    drainEta?: string | null;
    lastDecision?: string | null;
  } | null;
  targets: { maxOrderAgeSeconds: number; drainAfterBurstSeconds: number } | null;
  samples: Sample[];
  decisions: Decision[];
}

/** As often as the operator takes a sample. */
const LOOK_AGAIN = 5000;

export function scalingQuery(token: string) {
  return queryOptions({
    queryKey: ['ops', 'scaling', token],
    queryFn: async ({ signal }) => parseScaling(await answerOf(ask(token, within(LIMIT, signal)))),
    // One operator of several works; another call may meet it.
    retry: (count, error) => error instanceof Failure && error.slug === 'standby' && count < 10,
    retryDelay: 250,
    refetchInterval: ({ state: { error } }) => {
      if (!error) return LOOK_AGAIN;
      return isRefused(error) ? false : retryDelay(error);
    },
  });
}

async function ask(token: string, signal: AbortSignal) {
  const response = await fetch('/api/ops', { headers: bearer(token), signal });
  const body: unknown = await response.json().catch(() => undefined);
  return response.ok ? { data: body, response } : { error: body, response };
}

/** Fails for what is no answer of the operator's, such as a proxy's page. */
export function parseScaling(body: unknown): Scaling {
  const lists = ['components', 'conditions', 'samples', 'decisions'] as const;
  if (!isRecord(body) || lists.some((name) => !Array.isArray(body[name]))) {
    throw new Error('The answer is not of the operator');
  }
  return body as unknown as Scaling;
}

/** Orders that came in over the samples, as far as their rate is known; null when it never is. */
export function arrived(samples: readonly Sample[]): number | null {
  let sum: number | null = null;
  for (const [index, { t, arrivalRate }] of samples.entries()) {
    const before = samples[index - 1];
    if (!before || arrivalRate === null) continue;
    const seconds = (Date.parse(t) - Date.parse(before.t)) / 1000;
    // After a gap the rate says nothing about the time before.
    if (seconds > 0 && seconds <= 60) sum = (sum ?? 0) + arrivalRate * seconds;
  }
  return sum;
}
