import { defineConfig } from '@playwright/test';

// What runs is told by e2e (cargo xtask test): the shop's address, and what is behind it.
export default defineConfig({
  testDir: 'scenarios',
  outputDir: 'test-results',
  // They stop the database and Kafka: one after the other.
  workers: 1,
  timeout: 360_000,
  expect: { timeout: 120_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.STOREFRONT_URL ?? '',
    browserName: 'chromium',
    locale: 'en-IE',
    timezoneId: 'Europe/Dublin',
    // Contrast is judged in colours, not on their way from one to another.
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      // Debian's; Playwright's own is not downloaded.
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // The tests run as root in containers, where Chromium's sandbox cannot.
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    },
  },
});
