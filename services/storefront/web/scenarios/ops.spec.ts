import { accessible, breakOrder, expect, newProduct, newShopper, stored, test, token } from './stage';

test('operations need the token, and show the last hour', async ({ page }) => {
  await page.goto('/ops');
  await expect(page.getByLabel('Access token')).toBeVisible();
  await accessible(page);
  await page.getByLabel('Access token').fill('not the token');
  await page.getByRole('button', { name: 'Show operations' }).click();
  await expect(page.getByText('This token does not open it')).toBeVisible();
  await page.getByRole('button', { name: 'Enter another token' }).click();
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Show operations' }).click();
  await expect(page.getByText('Oldest order waits')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Why there are so many consumers' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Orders a second' })).toBeVisible();
  await expect(page.locator('.recharts-line-curve').first()).toBeAttached();
  await expect(page.getByRole('listitem').filter({ hasText: 'order-consumer' }).first()).toBeVisible();
  await accessible(page);
  // In this tab alone.
  expect(await page.evaluate((token) => JSON.stringify(localStorage).includes(token), token)).toBe(false);
});

test('a dead letter is put right and replayed', async ({ page }) => {
  const product = await newProduct('Steel shelf', 5);
  const email = newShopper();
  const number = await breakOrder(product, email);
  await page.goto(`/orders/${number}`);
  await expect(page.getByRole('heading', { name: 'Your order needs our attention' })).toBeVisible();

  await page.goto('/ops/dead-letters');
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Show operations' }).click();
  const letter = page.getByRole('listitem').filter({ hasText: number });
  await expect(letter).toContainText('INVALID_EVENT');
  await accessible(page);
  await letter.getByRole('link').click();
  const body = page.getByLabel('Order', { exact: true });
  await expect(body).toHaveValue(/"quantity": -1/);
  await expect(page.getByText('Street 2')).toHaveCount(0);
  await accessible(page);

  // Still wrong: order-api says what, and nothing happens.
  await body.fill((await body.inputValue()).replace('-1', '0'));
  await page.getByRole('button', { name: 'Replay' }).click();
  await expect(page.getByText('/body/items/0/quantity')).toBeVisible();
  await body.fill((await body.inputValue()).replace('"quantity": 0', '"quantity": 2'));
  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByRole('link', { name: 'What became of the order' }).click();
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  expect(await stored(email)).toEqual([{ number, status: 'CONFIRMED' }]);
});

test('a dead letter is discarded with its reason', async ({ page }) => {
  const product = await newProduct('Steel table', 5);
  const number = await breakOrder(product, newShopper());
  await page.goto('/ops/dead-letters');
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Show operations' }).click();
  await page.getByRole('listitem').filter({ hasText: number }).getByRole('link').click();
  await page.getByLabel('Why nothing is to be done').fill('an order of a scenario');
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect(page.getByRole('heading', { name: 'It was discarded' })).toBeVisible();
  await expect(page.getByText('an order of a scenario')).toBeVisible();
});
