// What a person does with keys and mouse, against the mock: each line one behaviour.
import { startMock } from '../mock/server.mjs';
import { axe } from './axe.mjs';
import { openBrowser, openPage, signIn } from './browser.mjs';

const kActions = [
  ['F2 answers an offer from any page, and only an offer', answersWithKey],
  ['an offer is announced to screen readers', announces],
  ['the transfer dialog opens with F10, lists who is free, and is clean', transfers],
  ['a note survives a reload before it was sent, and is then sent', keepsNote],
  ['the wrap-up asks for what a follow-up needs before it is sent', asksForPromise],
  ['a case that somebody else saved meanwhile keeps what was typed and tells', tellsOfChange],
  ['a step of a flow can be chosen, and let go by key', showsWays],
  ['a lost line shows the age of the screen and goes when it is back', showsAge],
  ['the next status can be chosen during a call', choosesNext],
  ['any part of a two-hour journey is heard at once, and gaps are passed over', seeks],
  ['a masked field is shown with a reason, for a while, and hides by itself', reveals],
  [
    'an export is asked for with a reason, decided by another, made with a key shown once',
    exportsData,
  ],
  ['the shortcuts open with a question mark, but not while typing', showsShortcuts],
];

export async function checkActions(report) {
  const browser = await openBrowser();
  const mock = await startMock();
  for (const [name, act] of kActions) {
    const page = await openPage(browser);
    const scene = (value) => page.request.post(`${mock.url}/mock`, { data: value });
    try {
      await scene({ scene: 'ready', drop: false });
      await signIn(page, mock.url, 'ana', 'escucha');
      await page.getByTestId('link-live').waitFor({ state: 'attached' });
      await act(page, scene, mock.url);
      report(name, page.complaints);
    } catch (error) {
      report(name, [String(error).split('\n')[0]]);
    }
    await page.context().close();
  }
  await browser.close();
  mock.close();
}

async function exportsData(page, _scene, url) {
  await page.getByTestId('person-menu').click();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in-login').waitFor();
  await signIn(page, url, 'sofia', 'escucha');
  await page.goto(`${url}/customers`);
  await page.getByTestId('export').click();
  expect(await page.getByTestId('export-send').isDisabled(), 'it can be asked without a reason');
  await page.getByTestId('export-reason').fill('Aviso de cambio de tarifa');
  await clean(page);
  await page.getByTestId('export-send').click();
  await page.getByTestId('export-reason').waitFor({ state: 'detached' });
  await page.getByTestId('nav-approvals').click();
  const waiting = page.getByTestId('export-card');
  await waiting.first().waitFor();
  expect((await waiting.count()) === 2, 'one of two that wait is missing, or an own one is there');
  await waiting.first().getByTestId('approve').click();
  expect(await page.getByTestId('decide').isDisabled(), 'it can be decided without a reason');
  await page.getByTestId('decision-reason').fill('Conforme');
  await clean(page);
  await page.getByTestId('decide').click();
  await page.getByTestId('decision-reason').waitFor({ state: 'detached' });
  await page.goto(`${url}/approvals?view=mine`);
  await page.getByTestId('make').first().click();
  await page.getByTestId('told').getByText('K7QF-93MX').waitFor();
  await clean(page);
  await page.getByTestId('told-close').click();
  await page.getByTestId('told').waitFor({ state: 'detached' });
}

function expect(isTrue, what) {
  if (!isTrue) throw new Error(what);
}

async function clean(page) {
  const faults = await axe(page);
  expect(faults.length === 0, faults.join('; '));
}

async function reveals(page, _scene, url) {
  await page.goto(`${url}/customers/k1`);
  await page.getByTestId('reveal-address').click();
  const confirm = page.getByTestId('reveal-confirm');
  await page.getByTestId('reveal-reason').fill('corto');
  expect(await confirm.isDisabled(), 'a short reason is enough');
  await page.getByTestId('reveal-reason').fill('Envía un técnico a su domicilio');
  await clean(page);
  await confirm.click();
  await page.getByText('Calle de los Fresnos 18').waitFor();
  await page.getByTestId('revealed').waitFor();
  await page.getByText('Calle de los Fresnos 18').waitFor({ state: 'detached' });
  await page.getByTestId('reveal-address').waitFor();
}

async function answersWithKey(page, scene, url) {
  await page.keyboard.press('F2');
  await page.goto(`${url}/cases`);
  await page.getByTestId('search-text').focus();
  await scene({ scene: 'offered' });
  await page.getByTestId('offer-card').waitFor();
  await page.keyboard.press('F2');
  await page.getByTestId('offer-card').waitFor({ state: 'detached' });
  await page.getByTestId('nav-desk').click();
  await page.getByTestId('call-hang-up').waitFor();
}

async function announces(page, scene) {
  await scene({ scene: 'offered' });
  await page.getByTestId('offer-card').waitFor();
  const text = await page.getByTestId('offer-announcement').textContent();
  expect(/María Fernanda.*F2/.test(text), `announced "${text}"`);
  expect((await page.title()).includes('☎'), 'the title does not tell');
}

async function transfers(page, scene) {
  await scene({ scene: 'talking' });
  await page.getByTestId('call-transfer').waitFor();
  await page.keyboard.press('F10');
  await page.getByTestId('transfer-agent-a5').waitFor();
  expect(await page.getByTestId('transfer-agent-a2').isDisabled(), 'a busy agent can be chosen');
  await clean(page);
  await page.getByTestId('transfer-agent-a5').click();
  await page.getByTestId('transfer-agent-a5').waitFor({ state: 'detached' });
}

async function keepsNote(page, scene) {
  await scene({ scene: 'talking' });
  await page.getByTestId('note-text').fill('Pide la devolución');
  await page.reload();
  const note = page.getByTestId('note-text');
  await note.waitFor();
  expect((await note.inputValue()) === 'Pide la devolución', 'the note was lost');
  await page.getByTestId('note-state').getByText('Guardado', { exact: true }).waitFor();
}

async function asksForPromise(page, scene) {
  await scene({ scene: 'wrap_up' });
  await page.getByTestId('wrap-up-outcome').selectOption('follow_up');
  await page.getByTestId('wrap-up-finish').click();
  await page.getByText('Escriba qué se hará').waitFor();
  await clean(page);
  await page.getByTestId('wrap-up-next-step').fill('Llamar mañana');
  await page.getByTestId('wrap-up-due').fill('2099-01-01');
  await page.getByTestId('wrap-up-finish').click();
  await page.getByTestId('wrap-up').waitFor({ state: 'detached' });
}

async function tellsOfChange(page, scene, url) {
  await page.goto(`${url}/cases/m1`);
  await page.getByTestId('case-next-step').fill('Enviar el desglose');
  await scene({ theirs: { next_step: 'Llamar el lunes' } });
  await page.getByTestId('case-save').click();
  await page.getByTestId('case-stale').getByText('Llamar el lunes').waitFor();
  const kept = await page.getByTestId('case-next-step').inputValue();
  expect(kept === 'Enviar el desglose', 'what was typed is gone');
  await clean(page);
  const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH');
  await page.getByTestId('case-save').click();
  expect((await saved).ok(), 'it cannot be saved on the newest version');
}

async function showsWays(page, _scene, url) {
  await page.goto(`${url}/flows/f1`);
  const step = page.locator('.react-flow__node').first();
  await step.click();
  await page.locator('.react-flow__node.selected').waitFor();
  await clean(page);
  await page.keyboard.press('Escape');
  await page.locator('.react-flow__node.selected').waitFor({ state: 'detached' });
}

async function showsAge(page, scene) {
  await scene({ drop: true });
  await page.getByTestId('connection-banner').waitFor();
  await clean(page);
  await scene({ drop: false });
  await page.getByTestId('link-live').waitFor({ state: 'attached', timeout: 20_000 });
}

async function choosesNext(page, scene) {
  await scene({ scene: 'talking' });
  await page.getByTestId('call-bar').waitFor();
  await page.getByTestId('status-control').click();
  await page.getByTestId('status-not-ready-lunch').waitFor();
  await clean(page);
  await page.getByTestId('status-next').getByText('Comida').waitFor();
}

async function seeks(page, scene, url) {
  await scene({ longSound: true });
  await page.goto(`${url}/recordings?play=r1`);
  const at = (least, most) =>
    page.waitForFunction(
      ([from, to]) => {
        const audio = document.querySelector('audio');
        if (!audio || audio.readyState < 2 || audio.seeking) return false;
        return audio.currentTime >= from && audio.currentTime <= to;
      },
      [least, most],
      { timeout: 5_000 },
    );
  // It opens where the recording begins that was asked for, not in the queue before it.
  await at(62, 63);
  const asked = page.waitForRequest((request) => {
    const range = /^bytes=(\d+)-/.exec(request.headers().range ?? '');
    return range !== null && Number(range[1]) > 7_000 * 32_000;
  });
  const slider = page.getByTestId('player-seek').getByRole('slider');
  await slider.focus();
  await page.keyboard.press('End');
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('ArrowLeft');
  await asked;
  await at(7_190, 7_200);
  // In the middle of a gap there is nothing to hear: on to whoever speaks next.
  await page.getByTestId('segment-r1').click();
  await at(62, 63);
  await page.evaluate(() => {
    document.querySelector('audio').currentTime = 190;
  });
  await at(201, 202);
  await page.getByTestId('journey').locator('[aria-current] [data-testid=segment-r2]').waitFor();
  await scene({ longSound: false });
}

async function showsShortcuts(page, _scene, url) {
  await page.goto(`${url}/cases`);
  await page.getByTestId('search-text').focus();
  await page.keyboard.press('?');
  expect((await page.getByRole('dialog').count()) === 0, 'it opened while typing');
  await page.getByTestId('search-text').blur();
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await clean(page);
}
