import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { arrived, parseScaling } from './scaling';
import { rate, seconds } from './units';

const golden = readFileSync('../../../operator/golden/scaling.json', 'utf8');

test("the operator's shape is what this view reads", () => {
  const { samples, decisions, components, conditions, targets, scaling } = parseScaling(JSON.parse(golden));
  expect(Object.keys(samples[0] ?? {}).sort()).toEqual(
    ['arrivalRate', 'lag', 'oldestOrderAgeSeconds', 'replicas', 'serviceRate', 't'].sort(),
  );
  expect(decisions[0]).toMatchObject({ from: 1, to: 4, applied: true, reason: expect.any(String) });
  expect(components[0]).toMatchObject({ name: 'order-consumer', ready: 3, desired: 4 });
  expect(conditions[0]).toMatchObject({ type: 'ConsumersScaled', status: 'False' });
  expect(targets?.maxOrderAgeSeconds).toBe(30);
  expect(scaling?.recommended).toBe(4);
});

test.each([null, 'a page', {}, { samples: [] }])('%j is no answer of the operator', (body) => {
  expect(() => parseScaling(body)).toThrow();
});

test('orders are summed over what is known, and unknown is not zero', () => {
  const at = (second: number, arrivalRate: number | null) => ({
    t: new Date(second * 1000).toISOString(),
    lag: null,
    oldestOrderAgeSeconds: null,
    arrivalRate,
    serviceRate: null,
    replicas: 1,
  });
  expect(arrived([at(0, 10), at(5, 10), at(10, null), at(15, 20)])).toBe(150);
  expect(arrived([at(0, 10), at(600, 10)])).toBeNull();
  expect(arrived([])).toBeNull();
  expect([seconds(null), rate(undefined)]).toEqual(['unknown', 'unknown']);
});
