import {
  accessible,
  database,
  expect,
  fillCheckout,
  kafka,
  newProduct,
  newShopper,
  placeOrder,
  putIntoBasket,
  stored,
  test,
} from './stage';

test('the database is away while searching', async ({ page }) => {
  const product = await newProduct('Ceramic mirror', 3);
  await page.goto('/');
  await expect(page.getByRole('listitem').first()).toBeVisible();
  await database('down');
  try {
    await page.getByLabel('Search for products').fill(product.name);
    const told = page.getByRole('alert').filter({ hasText: 'The catalogue cannot be read right now' });
    await expect(told).toBeVisible();
    // Nothing that may no longer be true is on the page.
    await expect(page.getByText('in stock')).toHaveCount(0);
    await page.getByRole('button', { name: 'Try again now' }).click();
    await expect(told).toBeVisible();
    await accessible(page);
  } finally {
    await database('up');
  }
  // The page tries again by itself; a click here could come when its button is gone already.
  await expect(page.getByRole('listitem').filter({ hasText: product.name })).toContainText('Only 3 left');
});

test('Kafka is away while ordering', async ({ page }) => {
  const product = await newProduct('Bamboo chair', 10);
  const email = newShopper();
  await putIntoBasket(page, product);
  await fillCheckout(page, email);
  await kafka('down');
  try {
    await placeOrder(page);
    // Refused, or not known: either way the page says so, and a retry is safe.
    const told = page.getByRole('alert').filter({ hasText: /cannot be taken right now|We do not know yet/ });
    await expect(told).toBeVisible();
    await accessible(page);
  } finally {
    await kafka('up');
  }
  const confirmed = page.getByRole('heading', { name: 'Your order is confirmed' });
  await expect(async () => {
    const again = page.getByRole('button', { name: /^(Try again|Send it again)$/ }).first();
    if (await again.isVisible()) await again.click({ timeout: 5000 });
    await expect(confirmed).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 240_000 });
  expect(await stored(email)).toHaveLength(1);
});
