// One Chromium page that a scenario drives: a JSON command a line in, a JSON answer a line out.
// The browser and the accessibility checks are those of the pages' own tests (web/tests/e2e).
import { createInterface } from 'node:readline';
import { axe } from '../../web/tests/e2e/axe.mjs';
import { openBrowser, openPage, signIn } from '../../web/tests/e2e/browser.mjs';

const browser = await openBrowser();
const pages = new Map();

async function page(command) {
  if (!pages.has(command.page)) pages.set(command.page, await openPage(browser, command.options ?? {}));
  return pages.get(command.page);
}

const deadline = (command) => ({ timeout: (command.deadline_s ?? 10) * 1000 });

const does = {
  signIn: async (p, c) => signIn(p, c.url, c.login, c.password),
  goto: async (p, c) => void (await p.goto(c.url)),
  reload: async (p) => void (await p.reload()),
  wait: async (p, c) => p.getByTestId(c.id).first().waitFor({ state: c.state ?? 'visible', ...deadline(c) }),
  click: async (p, c) => p.getByTestId(c.id).first().click(deadline(c)),
  fill: async (p, c) => p.getByTestId(c.id).first().fill(c.text, deadline(c)),
  press: async (p, c) => p.keyboard.press(c.key),
  text: async (p, c) => p.getByTestId(c.id).first().innerText(deadline(c)),
  waitText: async (p, c) => p.getByText(c.text).first().waitFor(deadline(c)),
  choose: async (p, c) => {
    // A native list whose first line is the invitation to choose.
    await p.getByTestId(c.id).first().selectOption({ index: (c.index ?? 0) + 1 }, deadline(c));
  },
  isVisible: async (p, c) => p.getByTestId(c.id).first().isVisible(),
  axe: async (p) => axe(p),
  complaints: async (p) => p.complaints,
  offline: async (p, c) => p.context().setOffline(c.offline),
  screenshot: async (p, c) => void (await p.screenshot({ path: c.path })),
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
