// What every scenario has: a page that must not break its own rules, and the way behind the stage.
import { test as base, expect, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const token = process.env.OPS_TOKEN ?? '';

/**
 * What the browser itself tells: a refused call, which the scenarios make on purpose; and that the local node has no
 * TLS, without which a header counts for nothing.
 */
const ON_PURPOSE = ['Failed to load resource', 'The Cross-Origin-Opener-Policy header has been ignored'];

/** Errors of the page's own: exceptions, and what its Content-Security-Policy refused. */
export const test = base.extend<{ clean: void }>({
  clean: [
    async ({ page }, use) => {
      const broken: string[] = [];
      page.on('pageerror', (error) => broken.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error' && !ON_PURPOSE.some((start) => message.text().startsWith(start))) {
          broken.push(message.text());
        }
      });
      await use();
      expect(broken).toEqual([]);
    },
    { auto: true },
  ],
});

async function backstage(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${process.env.BACKSTAGE_URL}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

export interface Product {
  id: number;
  name: string;
}

/** A product with a name of its own. */
export async function newProduct(thing: string, stock: number, price = 4999): Promise<Product> {
  const name = `${thing} ${Math.random().toString(36).slice(2, 8)}`;
  const description = 'Made for one scenario, of oak and linen.';
  const id = await backstage('POST', '/products', { name, description, price, stock });
  return { id: Number(id), name };
}

export const setPrice = (product: Product, price: number) => backstage('POST', '/price', { product: product.id, price });
export const database = (way: 'down' | 'up') => backstage('POST', `/database/${way}`);
export const kafka = (way: 'down' | 'up') => backstage('POST', `/kafka/${way}`);
export const breakOrder = (product: Product, email: string) =>
  backstage('POST', '/broken-orders', { product: product.id, email }) as Promise<string>;

/** What MySQL holds of a shopper. */
export async function stored(email: string): Promise<{ number: string; status: string }[]> {
  return (await backstage('GET', `/orders?email=${encodeURIComponent(email)}`)) as { number: string; status: string }[];
}

export function newShopper(): string {
  return `shopper-${Math.random().toString(36).slice(2, 10)}@example.org`;
}

/** Finds a product by its name and puts it into the basket. */
export async function putIntoBasket(page: Page, product: Product): Promise<void> {
  await page.goto('/');
  await page.getByLabel('Search for products').fill(product.name);
  await page.getByRole('button', { name: `Add to basket ${product.name}` }).click();
  await expect(page.getByRole('link', { name: /Basket 1/ })).toBeVisible();
}

/** Fills the form; does not send it. */
export async function fillCheckout(page: Page, email: string): Promise<void> {
  await page.goto('/checkout');
  await page.getByLabel('Name').fill('Grace Example');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Address').fill('Street 2, 12345 Town');
  await page.getByLabel('Payment token').fill('tok_1');
}

export async function placeOrder(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Place the order' }).click();
}

/** WCAG 2.2 AA and axe's own good practice, in both colour schemes; no violation at all. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // Through the debugger, which the page's Content-Security-Policy does not bind.
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => {
      const axe = (window as unknown as { axe: typeof import('axe-core') }).axe;
      const { violations } = await axe.run(document);
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    expect(violations, colorScheme).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}

export { expect };
