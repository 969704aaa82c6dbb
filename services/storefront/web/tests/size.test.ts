// @vitest-environment node
import { gzipSync } from 'node:zlib';
import type { Rollup } from 'vite';
import { build } from 'vite';
import { expect, test, vi } from 'vitest';

/** Compressed bytes of JavaScript that a shopper's first page loads. */
const MOST = 150_000;

test("the shop's JavaScript stays small, and the charts are not part of it", async () => {
  // Vitest says `test`, and React would come with all its warnings.
  vi.stubEnv('NODE_ENV', 'production');
  const built = (await build({ mode: 'production', build: { write: false }, logLevel: 'silent' })) as Rollup.RollupOutput;
  const chunks = new Map(built.output.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one] as const] : [])));
  const first = [...chunks.values()].find((chunk) => chunk.isEntry);
  const needed = new Set<string>();
  const walk = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const next of chunks.get(name)?.imports ?? []) walk(next);
  };
  walk(first?.fileName ?? 'nothing was built');
  const code = [...needed].map((name) => chunks.get(name)?.code ?? '');
  const bytes = code.reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MOST);
  expect(code.some((text) => text.includes('recharts'))).toBe(false);
  expect([...chunks.values()].some((chunk) => chunk.code.includes('recharts'))).toBe(true);
});
