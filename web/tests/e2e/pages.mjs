// Every page in both languages and both themes, wide and narrow: no accessibility violation, no
// console error, nothing wider than the window. With BASE_URL it looks at a real server (USERS as
// "agent:password,supervisor:password"); without it, at the mock. SHOTS=folder keeps pictures; ONLY=/desk and
// LOOK="es dark 360" narrow it down.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startMock } from '../mock/server.mjs';
import { axe } from './axe.mjs';
import { openBrowser, openPage, settle, signIn } from './browser.mjs';
import { foreignTexts } from './language.mjs';

const kMockVisits = [
  ['agent', 'ready', '/desk'],
  ['agent', 'signed_out', '/desk'],
  ['agent', 'no_phone', '/desk'],
  ['agent', 'not_ready', '/desk'],
  ['agent', 'offered', '/desk'],
  ['agent', 'talking', '/desk'],
  ['agent', 'held', '/desk'],
  ['agent', 'unknown', '/desk'],
  ['agent', 'wrap_up', '/desk'],
  ['agent', 'offered', '/cases'],
  ['agent', 'ready', '/cases/m1'],
  ['agent', 'ready', '/cases/m3'],
  ['agent', 'ready', '/cases?text=zzz'],
  ['agent', 'ready', '/customers'],
  ['agent', 'ready', '/customers/k1'],
  ['agent', 'ready', '/recordings'],
  ['agent', 'ready', '/recordings?play=r1'],
  ['agent', 'ready', '/flows'],
  ['agent', 'ready', '/flows/f1'],
  ['agent', 'ready', '/preferences'],
  ['agent', 'ready', '/account'],
  ['agent', 'ready', '/people'],
  ['supervisor', 'ready', '/people'],
  ['supervisor', 'ready', '/people?open=u1'],
  ['agent', 'ready', '/floor'],
  ['agent', 'ready', '/nowhere'],
  ['supervisor', 'ready', '/floor'],
  ['agent', 'ready', '/prompts'],
  ['supervisor', 'ready', '/prompts'],
  ['supervisor', 'ready', '/prompts?open=es/saludo'],
  ['supervisor', 'ready', '/companies'],
  ['supervisor', 'ready', '/audit'],
  ['supervisor', 'ready', '/audit?customer=k1'],
  ['supervisor', 'ready', '/approvals'],
  ['supervisor', 'ready', '/approvals?view=mine'],
  ['agent', 'ready', '/alerts'],
  ['supervisor', 'ready', '/alerts'],
  ['supervisor', 'ready', '/alerts?open=w1'],
  ['supervisor', 'ready', '/alerts?open=w2'],
];

const kRealVisits = [
  ...['/desk', '/cases', '/customers', '/recordings', '/flows', '/preferences', '/account'].map(
    (path) => ['agent', '', path],
  ),
  ['supervisor', '', '/floor'],
  ['supervisor', '', '/prompts'],
];

/** Each page in both languages, both themes and both widths; ALL=1 takes every combination. */
function looks() {
  const all = ['es', 'en'].flatMap((language) =>
    ['light', 'dark'].flatMap((theme) =>
      [1440, 360].map((width) => ({ language, theme, width, height: width === 360 ? 800 : 900 })),
    ),
  );
  const { LOOK, ALL } = process.env;
  if (LOOK) return all.filter((each) => LOOK === `${each.language} ${each.theme} ${each.width}`);
  const pairs = ['es light 1440', 'en dark 1440', 'es dark 360', 'en light 360'];
  return all.filter(
    (each) => ALL || pairs.includes(`${each.language} ${each.theme} ${each.width}`),
  );
}

export async function checkPages(report) {
  const browser = await openBrowser();
  const waiting = looks();
  // Two at a time: most of a check is waiting for the page to be quiet.
  const work = async () => {
    for (let look = waiting.shift(); look; look = waiting.shift())
      await checkLook(report, browser, look);
  };
  await Promise.all([work(), work()]);
  await browser.close();
}

async function checkLook(report, browser, look) {
  const mock = process.env.BASE_URL ? undefined : await startMock();
  const base = process.env.BASE_URL ?? mock.url;
  const users = (process.env.USERS ?? 'ana:escucha,sofia:escucha')
    .split(',')
    .map((each) => each.split(':'));
  const only = process.env.ONLY;
  for (const [role, visits] of groups(mock ? kMockVisits : kRealVisits)) {
    const [login, password] = users[role === 'agent' ? 0 : 1];
    const page = await openPage(browser, look);
    if (!only) await checkSignIn(report, page, base, look);
    await signIn(page, base, login, password);
    for (const [, scene, path] of visits) {
      if (only && !`${path} ${scene}`.includes(only)) continue;
      await checkPage(report, page, base, { ...look, scene, path, isMock: Boolean(mock) });
    }
    await page.context().close();
  }
  mock?.close();
}

function groups(visits) {
  const roles = [...new Set(visits.map(([role]) => role))];
  return roles.map((role) => [role, visits.filter((visit) => visit[0] === role)]);
}

async function checkSignIn(report, page, base, look) {
  await page.goto(base);
  await page.getByTestId('sign-in-login').waitFor();
  await judge(report, page, { ...look, scene: '', path: '/sign-in' });
}

async function checkPage(report, page, base, visit) {
  if (visit.isMock) {
    await page.request.post(`${base}/mock`, { data: { scene: visit.scene } });
  }
  await page.goto(base + visit.path);
  await settle(page);
  await judge(report, page, visit);
}

async function judge(report, page, visit) {
  const name =
    `${visit.path} ${visit.scene} ${visit.language} ${visit.theme} ${visit.width}`.replace(
      '  ',
      ' ',
    );
  const faults = [...(await axe(page)), ...page.complaints.splice(0)];
  for (const text of await foreignTexts(page, visit.language)) faults.push(`says "${text}"`);
  const excess = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (excess > 0) faults.push(`${excess} pixels wider than the window`);
  const main = await page.evaluate(() => {
    const element = document.querySelector('main');
    return element ? element.scrollWidth - element.clientWidth : 0;
  });
  if (main > 0) faults.push(`the page's content is ${main} pixels wider than its place`);
  report(name, faults);
  if (process.env.SHOTS) {
    mkdirSync(process.env.SHOTS, { recursive: true });
    const file = `${name.replaceAll(/[^a-z0-9]+/gi, '_').replace(/^_/, '')}.png`;
    await page.screenshot({ path: join(process.env.SHOTS, file) });
  }
}
