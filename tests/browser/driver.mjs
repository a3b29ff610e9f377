// Chromium pages that a scenario drives: a JSON command a line in, a JSON answer a line out.
// The browser, the accessibility checks and the language check are those of the pages' own tests
// (web/tests/e2e).
import { createInterface } from 'node:readline';
import { axe } from '../../web/tests/e2e/axe.mjs';
import { openBrowser, openPage, settle, signIn } from '../../web/tests/e2e/browser.mjs';
import { foreignTexts } from '../../web/tests/e2e/language.mjs';

const browser = await openBrowser();
const pages = new Map();

async function page(command) {
  if (!pages.has(command.page)) {
    const opened = await openPage(browser, command.options ?? {});
    // Less than the scenario waits for any answer: it hears what was missing.
    opened.setDefaultTimeout(20_000);
    pages.set(command.page, opened);
  }
  return pages.get(command.page);
}

const deadline = (command) => ({ timeout: (command.deadline_s ?? 10) * 1000 });

/** By its data-testid; with `has`, the first of them that holds this text. */
function element(p, c) {
  const found = p.getByTestId(c.id);
  return (c.has ? found.filter({ hasText: c.has }) : found).first();
}

const does = {
  signIn: async (p, c) => signIn(p, c.url, c.login, c.password),
  goto: async (p, c) => void (await p.goto(c.url)),
  reload: async (p) => void (await p.reload()),
  settle: async (p) => settle(p),
  wait: async (p, c) => element(p, c).waitFor({ state: c.state ?? 'visible', ...deadline(c) }),
  click: async (p, c) => element(p, c).click(deadline(c)),
  fill: async (p, c) => element(p, c).fill(c.text, deadline(c)),
  press: async (p, c) => p.keyboard.press(c.key),
  text: async (p, c) => element(p, c).innerText(deadline(c)),
  value: async (p, c) => element(p, c).inputValue(deadline(c)),
  attribute: async (p, c) => element(p, c).getAttribute(c.name, deadline(c)),
  count: async (p, c) => p.getByTestId(c.id).count(),
  waitText: async (p, c) => p.getByText(c.text).first().waitFor(deadline(c)),
  choose: async (p, c) => void (await element(p, c).selectOption(c.option, deadline(c))),
  isVisible: async (p, c) => element(p, c).isVisible(),
  /** Gives a file to the choice of files inside an element. */
  upload: async (p, c) =>
    element(p, c).locator('input[type=file]').setInputFiles(c.path, deadline(c)),
  /** What the page's first <audio> is at. */
  audio: async (p) =>
    p.locator('audio').first().evaluate(({ duration, currentTime, paused, error }) => ({
      duration_s: Number.isFinite(duration) ? duration : 0,
      at_s: currentTime,
      is_paused: paused,
      error: error?.message ?? null,
    })),
  background: async (p) => p.evaluate(() => getComputedStyle(document.body).backgroundColor),
  language: async (p) => p.evaluate(() => document.documentElement.lang),
  foreign: async (p, c) => foreignTexts(p, c.language),
  axe: async (p) => axe(p),
  complaints: async (p) => p.complaints,
  offline: async (p, c) => p.context().setOffline(c.offline),
  screenshot: async (p, c) => void (await p.screenshot({ path: c.path, fullPage: c.full ?? false })),
  close: async (p, c) => {
    pages.delete(c.page);
    await p.context().close();
  },
};

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const value = await does[command.do](await page(command), command);
    console.log(JSON.stringify({ ok: true, value: value ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error) }));
  }
}
await browser.close();
