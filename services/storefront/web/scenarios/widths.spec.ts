// Every page at three widths and in both schemes: nothing sticks out, and pictures for who wants to look.
import type { Page } from '@playwright/test';

import { accessible, breakOrder, expect, fillCheckout, newProduct, newShopper, placeOrder, putIntoBasket, test, token } from './stage';

const WIDTHS = [360, 800, 1440];
const FOLDER = process.env.PICTURES ?? 'test-results/pictures';

async function atAllWidths(page: Page, name: string) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${FOLDER}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
    // Charts take their new width a moment later.
    const outside = () => page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return Math.max(scrollWidth - clientWidth, 0);
    });
    await expect.poll(outside, `${name} at ${width}`).toBe(0);
  }
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.emulateMedia({ colorScheme: null });
}

test('every page at three widths', async ({ page }) => {
  const names = ['Walnut lamp', 'Oak table', 'Linen cushion', 'Glass bowl', 'Copper kettle', 'Wool blanket', 'Bamboo basket'];
  await Promise.all(names.map((name, index) => newProduct(name, [120, 3, 0, 48][index % 4] ?? 9, 1990 + index * 1371)));
  const product = await newProduct('Long-named reading lamp of walnut with a linen shade', 40, 12_950);
  await page.goto('/');
  await expect(page.getByRole('listitem').first()).toBeVisible();
  await atAllWidths(page, 'search');

  await putIntoBasket(page, product);
  await page.goto('/basket');
  await expect(page.getByText('Check out')).toBeVisible();
  await atAllWidths(page, 'basket');
  await fillCheckout(page, newShopper());
  await atAllWidths(page, 'checkout');
  await placeOrder(page);
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  await atAllWidths(page, 'order');
  await page.goto('/nothing/here');
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  await accessible(page);
  await atAllWidths(page, 'not-found');

  const number = await breakOrder(product, newShopper());
  await page.goto('/ops');
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Show operations' }).click();
  await expect(page.locator('.recharts-line-curve').first()).toBeAttached();
  await atAllWidths(page, 'ops');
  await page.getByRole('link', { name: 'Dead letters', exact: true }).first().click();
  const letter = page.getByRole('listitem').filter({ hasText: number });
  await expect(letter).toBeVisible();
  await atAllWidths(page, 'dead-letters');
  await letter.getByRole('link').click();
  await expect(page.getByRole('heading', { name: 'The record' })).toBeVisible();
  await atAllWidths(page, 'dead-letter');
});
