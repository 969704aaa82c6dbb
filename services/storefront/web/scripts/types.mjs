// Makes src/api/*.d.ts from the OpenAPI documents; with --check, fails when they would change.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const check = process.argv.includes('--check');
for (const name of ['search-api', 'order-api']) {
  const document = new URL(`../openapi/${name}.json`, import.meta.url);
  const target = new URL(`../src/api/${name}.d.ts`, import.meta.url);
  const text = `// Made from openapi/${name}.json by \`cargo xtask generate page-api\`.\n\n${astToString(await openapiTS(document))}`;
  if (!check) {
    await writeFile(target, text);
  } else if ((await readFile(target, 'utf8')) !== text) {
    console.error(`src/api/${name}.d.ts is not what openapi/${name}.json gives: run cargo xtask generate page-api`);
    process.exitCode = 1;
  }
}
