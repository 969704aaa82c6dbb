import { afterEach, expect, test } from 'vitest';

import { shelf } from './storage';

afterEach(() => localStorage.clear());

const text = (value: unknown) => (typeof value === 'string' ? value : null);

/** A storage that takes nothing while it is full. */
function small() {
  const it = { full: false };
  const storage = {
    getItem: (name: string) => localStorage.getItem(name),
    removeItem: (name: string) => localStorage.removeItem(name),
    setItem: (name: string, value: string) => {
      if (it.full) throw new DOMException('full', 'QuotaExceededError');
      localStorage.setItem(name, value);
    },
  } as Storage;
  return { it, stored: shelf(() => storage, 'x', text) };
}

test('what a full storage does not take stands all the same', () => {
  const { it, stored } = small();
  stored.write('older');
  it.full = true;
  stored.write('newer');
  expect(stored.read()).toBe('newer');
  it.full = false;
  stored.write('newest');
  expect(shelf(() => localStorage, 'x', text).read()).toBe('newest');
});

test('what was removed from outside is gone', () => {
  const { stored } = small();
  stored.write('here');
  localStorage.clear();
  expect(stored.read()).toBeNull();
});

test('a storage that is switched off keeps it as long as the page lives', () => {
  const stored = shelf<string>(
    () => {
      throw new DOMException('switched off', 'SecurityError');
    },
    'x',
    text,
  );
  expect(stored.read()).toBeNull();
  stored.write('here');
  expect(stored.read()).toBe('here');
});
