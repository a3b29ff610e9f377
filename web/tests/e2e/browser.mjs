// Debian's Chromium, driven by playwright-core, which brings no browser of its own.
import { chromium } from 'playwright-core';

export const kArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium's own microphone, which beeps every second; no person is asked. */
const kMicrophone = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: process.env.ESCUCHA_MICROPHONE === 'fake' ? [...kArguments, ...kMicrophone] : kArguments,
  });
}

/** A page whose console errors and broken content policy are kept in `page.complaints`, and what it is
 * fetching at this moment in `page.fetching`. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.theme ?? 'light',
    locale: options.language === 'en' ? 'en-GB' : 'es-MX',
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: options.anyCertificate ?? false,
  });
  const preferences = {
    language: options.language ?? 'es',
    theme: options.theme ?? 'light',
    sound: false,
  };
  await context.addInitScript((value) => {
    if (!localStorage.getItem('escucha.preferences')) {
      localStorage.setItem('escucha.preferences', value);
    }
  }, JSON.stringify(preferences));
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    // Refusals that the page itself tells the person about, and a line that was cut on purpose.
    const isExpected = /status of (401|409|412|422|429)|WebSocket connection to/.test(
      message.text(),
    );
    if (message.type() === 'error' && !isExpected) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.fetching = new Set();
  page.on('request', (request) => {
    // A sound is fetched as it is played, and may never come to its end.
    if (request.resourceType() !== 'media') page.fetching.add(request);
  });
  for (const ending of ['requestfinished', 'requestfailed']) {
    page.on(ending, (request) => page.fetching.delete(request));
  }
  return page;
}

const kSettleMs = 20_000;

/** Until the page shows its heading and neither fetches nor promises anything more. */
export async function settle(page) {
  const timeout = kSettleMs;
  const ends = performance.now() + timeout;
  await page.locator('h1').first().waitFor({ timeout });
  for (;;) {
    await page.locator('[role=status]').first().waitFor({ state: 'detached', timeout });
    // Two frames: what an answer changes is drawn, and what that asks for has been asked.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
    const [request] = page.fetching;
    if (!request) return;
    if (performance.now() > ends) throw new Error(`still fetching ${request.url()}`);
    await page
      .waitForEvent('requestfinished', { predicate: (done) => done === request, timeout: 1000 })
      .catch(() => null);
  }
}

export async function signIn(page, base, login, password) {
  await page.goto(base);
  await page.getByTestId('sign-in-login').fill(login);
  await page.getByTestId('sign-in-password').fill(password);
  await page.getByTestId('sign-in-submit').click();
  await page.getByTestId('person-menu').waitFor();
}
