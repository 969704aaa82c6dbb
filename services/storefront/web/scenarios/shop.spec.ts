import { accessible, expect, fillCheckout, newProduct, newShopper, placeOrder, putIntoBasket, setPrice, stored, test } from './stage';

test('search as you type, and an order becomes CONFIRMED', async ({ page }) => {
  const product = await newProduct('Walnut reading lamp', 10);
  const email = newShopper();
  await page.goto('/');
  await page.getByLabel('Search for products').pressSequentially(product.name.toUpperCase(), { delay: 20 });
  await expect(page.getByRole('listitem').filter({ hasText: product.name })).toContainText('10 in stock');
  await expect(page).toHaveURL(/search=/);
  await accessible(page);

  await page.getByRole('button', { name: `Add to basket ${product.name}` }).click();
  await page.getByRole('link', { name: /Basket 1/ }).click();
  await page.getByRole('button', { name: `One more of ${product.name}` }).click();
  await expect(page.getByText('€99.98').first()).toBeVisible();
  await accessible(page);

  // Kept over reloads, at the same prices.
  await page.reload();
  await page.getByRole('link', { name: 'Check out' }).click();
  await fillCheckout(page, email);
  await accessible(page);
  await placeOrder(page);
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  await expect(page.getByText('2 ×')).toBeVisible();
  await expect(page.getByRole('link', { name: /Basket 0/ })).toBeVisible();
  await accessible(page);
  const [order] = await stored(email);
  expect(order?.status).toBe('CONFIRMED');

  // The link leads back here, in another browser too, and cancels.
  await page.goto(`/orders/${order?.number}`);
  await page.getByRole('button', { name: 'Cancel this order' }).click();
  await accessible(page);
  await page.getByRole('button', { name: 'Cancel the order' }).click();
  await expect(page.getByRole('heading', { name: 'Your order is cancelled' })).toBeVisible();
});

test('browse by page and back', async ({ page }) => {
  await Promise.all(Array.from({ length: 30 }, (_, index) => newProduct(`Shelf paging ${index}`, 5)));
  await page.goto('/?search=Shelf%20paging');
  const first = page.getByRole('listitem').first();
  const text = (await first.textContent()) ?? '';
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page.getByText('Page 2')).toBeVisible();
  await expect(first).not.toHaveText(text);
  await page.getByRole('link', { name: 'Previous' }).click();
  await expect(page.getByText('Page 1')).toBeVisible();
  await expect(first).toHaveText(text);
  await page.goto('/?search=there%20is%20no%20such%20thing');
  await expect(page.getByRole('heading', { name: /Nothing has/ })).toBeVisible();
  await accessible(page);
});

test('out of stock while ordering', async ({ page }) => {
  const product = await newProduct('Last basket', 1);
  const email = newShopper();
  await putIntoBasket(page, product);
  await page.goto('/basket');
  await page.getByLabel(`Pieces of ${product.name}`).fill('2');
  await expect(page.getByText('Only 1 left.')).toBeVisible();
  await fillCheckout(page, email);
  await placeOrder(page);
  await expect(page.getByRole('heading', { name: 'We could not accept your order' })).toBeVisible();
  await expect(page.getByText('A product of your order is out of stock.')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Put it back into the basket' }).click();
  await expect(page.getByLabel(`Pieces of ${product.name}`)).toHaveValue('2');
});

test('a price that changed is not paid unseen', async ({ page }) => {
  const product = await newProduct('Copper kettle', 5, 1000);
  const email = newShopper();
  await putIntoBasket(page, product);
  await fillCheckout(page, email);
  await setPrice(product, 1200);
  await placeOrder(page);
  await expect(page.getByText('The price of a product changed while you ordered.')).toBeVisible();
  await page.getByRole('button', { name: 'Put it back into the basket at the new price' }).click();
  await expect(page.getByText('€12.00').first()).toBeVisible();
  // It changes again while it lies in the basket.
  await setPrice(product, 1300);
  await page.reload();
  await expect(page.getByText('The price is €13.00 now, it was €12.00.')).toBeVisible();
  await page.getByRole('button', { name: /Take the new price/ }).click();
  await fillCheckout(page, email);
  await placeOrder(page);
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  await expect(page.getByText('€13.00').first()).toBeVisible();
});

test('what the API refuses is told at its fields', async ({ page }) => {
  const product = await newProduct('Linen bag', 5);
  await putIntoBasket(page, product);
  await fillCheckout(page, 'not an address');
  await page.getByLabel('Payment token').fill('4111 1111 1111 1111');
  await placeOrder(page);
  await expect(page.getByLabel('E-mail')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('E-mail')).toBeFocused();
  await expect(page.getByLabel('Payment token')).toHaveAttribute('aria-invalid', 'true');
  await accessible(page);
});

test('a double click orders once', async ({ page }) => {
  const product = await newProduct('Glass bowl', 10);
  const email = newShopper();
  await putIntoBasket(page, product);
  await fillCheckout(page, email);
  await page.getByRole('button', { name: 'Place the order' }).dblclick();
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  expect(await stored(email)).toHaveLength(1);
});

test('a reload before the answer, and a second try, order once', async ({ page }) => {
  const product = await newProduct('Wool cushion', 10);
  const email = newShopper();
  await putIntoBasket(page, product);
  await fillCheckout(page, email);
  // The order goes through, its answer is lost.
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/api/orders'));
  await page.route('**/api/orders', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await placeOrder(page);
  await sent;
  await expect(page.getByRole('heading', { name: /We do not know yet/ })).toBeVisible();
  await page.unroute('**/api/orders');
  await page.reload();
  await expect(page.getByText('The page was left before the answer came.')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Send it again' }).first().click();
  await expect(page.getByRole('heading', { name: 'Your order is confirmed' })).toBeVisible();
  expect(await stored(email)).toHaveLength(1);
});
