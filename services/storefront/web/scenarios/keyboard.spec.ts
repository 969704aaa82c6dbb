import type { Locator, Page } from '@playwright/test';

import { expect, newProduct, newShopper, stored, test } from './stage';

/** Tabs on until the focus is there, as a person would. */
async function tabTo(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  for (let step = 0; step < 60; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
      expect(outline, 'the focus is seen').not.toBe('none');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error('the keyboard does not get there');
}

test('an order by keyboard alone', async ({ page }) => {
  const product = await newProduct('Keyboard stool', 4);
  const email = newShopper();
  await page.goto('/');
  await tabTo(page, page.getByRole('link', { name: 'Skip to the content' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('searchbox'));
  await page.keyboard.type(product.name);
  await tabTo(page, page.getByRole('button', { name: `Add to basket ${product.name}` }));
  await page.keyboard.press('Space');
  await expect(page.getByRole('link', { name: /Basket 1/ })).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: /Basket 1/ }));
  await page.keyboard.press('Enter');
  // A screen reader starts at the new page's heading.
  await expect(page.getByRole('heading', { name: 'Basket', level: 1 })).toBeFocused();
  await tabTo(page, page.getByRole('link', { name: 'Check out' }));
  await page.keyboard.press('Enter');
  for (const [label, text] of [
    ['Name', 'Grace Example'],
    ['E-mail', email],
    ['Address', 'Street 2, 12345 Town'],
    ['Payment token', 'tok_1'],
  ] as const) {
    await tabTo(page, page.getByLabel(label));
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  expect(await stored(email)).toHaveLength(1);
  await tabTo(page, page.getByRole('button', { name: 'Cancel this order' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Cancel this order' })).toBeFocused();
});
