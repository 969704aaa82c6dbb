// Writes `.br` and `.gz` beside every file of dist/assets that gets smaller by it; the storefront serves them.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const folder = new URL('../dist/assets/', import.meta.url);
for (const name of await readdir(folder)) {
  if (!/\.(js|css|svg)$/.test(name)) continue;
  const bytes = await readFile(new URL(name, folder));
  const variants = {
    br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    gz: gzipSync(bytes, { level: 9 }),
  };
  for (const [ending, small] of Object.entries(variants)) {
    if (small.length < bytes.length) await writeFile(new URL(`${name}.${ending}`, folder), small);
  }
}
