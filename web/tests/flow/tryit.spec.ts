/** What a client does to try a model on recordings, on the double. */
import { expect, test } from '../console.ts';
import { inbox, warmModel } from '../fake/items.ts';
import { wav } from '../fake/media.ts';
import { INBOX, WARM_MODEL } from '../fake/state.ts';

const MODEL = `/client/models/${WARM_MODEL}`;
const recording = (name: string, seconds = 1) => ({
  name,
  mimeType: 'audio/wav',
  buffer: wav(seconds),
});
const input = 'input[type=file]';

test('a recording is sent, answered and heard; the next one stands beside it', async ({
  page,
  console: site,
}) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox()];
  await site.open(page, 'clara', MODEL);
  // What arrives in an inbox is answered there: it is no dataset to predict.
  await page.getByRole('button', { name: 'Predict a dataset' }).click();
  await expect(page.getByRole('dialog')).toContainText('This project has no datasets yet.');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Try it' }).click();
  await expect(page.getByRole('heading', { name: 'Try voice-w4r3m' })).toBeVisible();

  site.state.latency = 600;
  await page.locator(input).setInputFiles(recording('robot.wav', 2));
  const robot = page.getByRole('article', { name: 'robot.wav' });
  await expect(robot.getByRole('progressbar', { name: 'Sending' })).toBeVisible();
  await expect(robot.getByText('The model is listening…')).toBeVisible();
  site.state.latency = 0;
  await expect(robot.getByText('synthetic 97.3%').first()).toBeVisible();
  await expect(robot.getByRole('listitem')).toHaveText([/human\s*2\.7%/, /synthetic\s*97\.3%/]);
  await expect(robot.getByText('voice-w4r3m')).toContainText(/Version 9f86d081.*41\.5 ms/);
  // What is heard is the local file: the policy of the page lets it, and it is whole.
  await expect
    .poll(() =>
      robot.locator('audio').evaluate((one: HTMLAudioElement) => [one.src.slice(0, 5), one.duration]),
    )
    .toEqual(['blob:', 2]);
  // Answered: nothing is asked any more.
  const looks = site.state.items[0]?.looks;
  expect(site.state.items).toMatchObject([{ name: 'robot.wav', inbox: INBOX, looks: 3 }]);

  await page.locator(input).setInputFiles([recording('person.wav'), recording('silent.wav')]);
  const person = page.getByRole('article', { name: 'person.wav' });
  await expect(person.getByText('human 81.6%').first()).toBeVisible();
  await expect(page.getByRole('article', { name: 'silent.wav' })).toContainText('There is no sound in it.');
  await expect(page.getByRole('article', { name: 'silent.wav' })).toContainText('bring another one');
  await expect(page.getByRole('article')).toHaveCount(3);
  await expect(page.getByRole('article').first()).toContainText('silent.wav');
  expect(site.state.items[0]?.looks).toBe(looks);
  expect(new Set(site.state.items.map(({ key }) => key)).size).toBe(3);
});

test('by the keyboard alone, and a file that is dropped', async ({ page, console: site }) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox()];
  // Asked for before the page is there: a dialog that opens sooner would be the browser's own.
  const chooser = page.waitForEvent('filechooser');
  await site.open(page, 'clara', `${MODEL}/try`);
  await page.locator(input).focus();
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(recording('person.wav'));
  await expect(
    page.getByRole('article', { name: 'person.wav' }).getByText('human 81.6%').first(),
  ).toBeVisible();
  await expect(page.locator(input)).toBeFocused();

  const transfer = await page.evaluateHandle(
    (bytes) => {
      const all = new DataTransfer();
      all.items.add(new File([new Uint8Array(bytes)], 'robot.wav', { type: 'audio/wav' }));
      return all;
    },
    [...wav(1)],
  );
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: transfer });
  await expect(
    page.getByRole('article', { name: 'robot.wav' }).getByText('synthetic 97.3%').first(),
  ).toBeVisible();
});

test('what is missing is said, made at once or copied; the page goes on by itself once it is there', async ({
  page,
  console: site,
}) => {
  site.state.models = [warmModel({ replicas: 0 })];
  await site.open(page, 'clara', `${MODEL}/try`);
  await expect(page.getByText('keeps no predictor loaded')).toBeVisible();
  await page.getByText('With kubectl instead').first().click();
  await expect(page.getByText(/kubectl patch model voice-w4r3m --namespace dc-clara-k3x9q/)).toBeVisible();
  await page.getByText('With kubectl instead').last().click();
  await expect(page.getByText('The project has no inbox yet')).toBeVisible();
  await expect(page.getByText('name: voices-v2b7n-inbox')).toBeVisible();
  await expect(page.getByText('source: format: Inbox')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Copy' })).toHaveCount(2);
  await expect(page.locator(input)).toHaveCount(0);
  await page.getByRole('button', { name: 'Make an inbox' }).click();
  await expect(page.getByText('The project has no inbox yet')).toBeHidden({ timeout: 15_000 });
  await page.getByRole('button', { name: 'Keep it loaded' }).click();
  await expect(page.locator(input)).toBeVisible({ timeout: 15_000 });
  expect(site.state.inboxes).toHaveLength(1);
  expect(site.state.models[0]?.replicas).toBe(1);
});

test('a model that cannot be tried says why, and is no link of its page', async ({ page, console: site }) => {
  const other = warmModel();
  site.state.models = [{ ...other, input: { ...other.input, column: 'clip' } }];
  await site.open(page, 'clara', MODEL);
  await expect(page.getByRole('heading', { name: 'voice-w4r3m' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Try it' })).toHaveCount(0);
  await page.goto(`${site.url}/app${MODEL}/try`);
  await expect(
    page.getByText('Only a model of recordings in the column file, or of columns of numbers, can be tried'),
  ).toBeVisible();
});

test('of several inboxes one is chosen', async ({ page, console: site }) => {
  const other = '0190a000-0000-7000-8000-0000000000d3';
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox({ id: other, name: 'visits', state: 'PAUSED' }), inbox()];
  await site.open(page, 'clara', `${MODEL}/try`);
  // One that takes nothing is not what is meant, unless it is chosen.
  await expect(page.getByLabel('Inbox')).toHaveValue(INBOX);
  await page.getByLabel('Inbox').selectOption('visits (paused)');
  await page.locator(input).setInputFiles(recording('person.wav'));
  await expect(page.getByText('human 81.6%').first()).toBeVisible();
  expect(site.state.items).toMatchObject([{ inbox: other }]);
});

test('a refusal says why and is tried again; a server that is down is asked again', async ({
  page,
  console: site,
}) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox()];
  await site.open(page, 'clara', `${MODEL}/try`);
  site.state.refusedItems.push([415, 'unsupported_media_type']);
  await page
    .locator(input)
    .setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no') });
  const notes = page.getByRole('article', { name: 'notes.txt' });
  await expect(notes.getByRole('alert')).toContainText('this file is no recording');
  await expect(notes).toContainText('does not play this kind of file');
  await expect(notes.getByRole('button', { name: 'Try again' })).toHaveCount(0);

  site.state.refusedItems.push([409, 'no_warm_model']);
  await page.locator(input).setInputFiles(recording('robot.wav'));
  const robot = page.getByRole('article', { name: 'robot.wav' });
  await expect(robot.getByRole('alert')).toContainText('no_warm_model');
  site.state.unheardItems = 2;
  await robot.getByRole('button', { name: 'Try again' }).click();
  await expect(robot.getByText('it is asked again')).toBeVisible();
  await expect(robot.getByText('synthetic 97.3%').first()).toBeVisible();
  expect(site.state.items).toHaveLength(1);
});

test('a row of numbers is tried as a recording is, by keys alone', async ({ page, console: site }) => {
  const input = { kind: 'COLUMNS', columns: ['amount', 'age'] };
  site.state.models = [warmModel({ input })];
  site.state.inboxes = [inbox()];
  await site.open(page, 'clara', `${MODEL}/try`);
  await expect(page.getByText('Send a row, and see what the model makes of it.')).toBeVisible();
  await page.getByLabel('amount').focus();
  await page.keyboard.type('12,50');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Write a number, such as 12.5.')).toBeVisible();
  await expect(page.getByLabel('age')).toBeFocused();
  expect(site.state.items).toHaveLength(0);
  await page.keyboard.type('31');
  await page.keyboard.press('Enter');
  const card = page.getByRole('article', { name: 'amount 12.50, age 31' });
  await expect(card.getByText('human 81.6%').first()).toBeVisible();
  await expect(card.locator('audio')).toHaveCount(0);
  await expect(page.getByText('Write a number, such as 12.5.')).toBeHidden();
  expect(site.state.items[0]?.row).toBe(`{"inbox":"${INBOX}","columns":{"amount":12.50,"age":31}}`);
});

test('what people say is shown once they have answered', async ({ page, console: site }) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox({ inbox: { crowd: 'UNCERTAIN', askBelow: 0.9, holdSeconds: 300 } })];
  await site.open(page, 'clara', `${MODEL}/try`);
  await page.locator(input).setInputFiles([recording('person.wav')]);
  const person = page.getByRole('article', { name: 'person.wav' });
  await expect(person.getByText('0 of 3 people have answered.')).toBeVisible();
  site.state.peopleAnswered = true;
  await expect(person.getByText('3 people answered: human')).toBeVisible({ timeout: 20_000 });
  await expect(person.getByText('Don’t know')).toBeVisible();
});

test('who leaves the page ends what is asked; sending is cancelled', async ({ page, console: site }) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox()];
  await page.addInitScript(() => {
    const ended: string[] = [];
    (window as unknown as { ended: string[] }).ended = ended;
    const revoke = URL.revokeObjectURL.bind(URL);
    URL.revokeObjectURL = (url) => {
      ended.push(url);
      revoke(url);
    };
  });
  await site.open(page, 'clara', `${MODEL}/try`);
  await expect(page.locator(input)).toBeVisible();
  site.state.latency = 3000;
  await page.locator(input).setInputFiles(recording('person.wav'));
  const person = page.getByRole('article', { name: 'person.wav' });
  await person.getByRole('button', { name: 'Cancel' }).click();
  await expect(person).toContainText('cancelled');
  site.state.latency = 0;
  await person.getByRole('button', { name: 'Try again' }).click();
  await expect(person.getByText('The model is listening…')).toBeVisible();
  const url = await person.locator('audio').getAttribute('src');
  await page.getByRole('link', { name: 'voice-w4r3m' }).click();
  await expect(page.getByRole('link', { name: 'Try it' })).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { ended: string[] }).ended)).toEqual([url]);
  // The file whose sending was cancelled may have arrived meanwhile; nobody looks at it either.
  const looks = () => site.state.items.reduce((sum, one) => sum + one.looks, 0);
  const before = looks();
  await page.waitForTimeout(2500);
  expect(looks()).toBe(before);
});

test('windows over time: a band below the waveform, a place to listen from, a table', async ({
  page,
  console: site,
}) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox()];
  await site.open(page, 'clara', `${MODEL}/try`);
  await page.locator(input).setInputFiles([recording('mixed.wav', 4), recording('person.wav')]);
  const mixed = page.getByRole('article', { name: 'mixed.wav' });
  const band = mixed.getByRole('group', { name: 'What voice-w4r3m says over time' }).first();
  await expect(band.locator('rect')).toHaveCount(1 + 7);
  // Three of seven lean to the other label: 0.91 at the beginning, 0.31 at the end.
  await expect(band.locator('rect.other')).toHaveCount(3);
  await expect(band.locator('path')).toHaveAttribute('d', /^M2\.08 1v42M6\.25 /);
  const place = band.getByRole('slider', { name: 'Place in the recording' });
  await expect(place).toHaveAttribute('aria-valuetext', '0:00: synthetic 91.2%');
  const box = await place.boundingBox();
  if (box === null) throw new Error('it is not drawn');
  await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2);
  const heard = () => mixed.locator('audio').evaluate((one: HTMLAudioElement) => one.currentTime);
  await expect.poll(async () => Math.abs((await heard()) - 3)).toBeLessThan(0.05);
  await expect(place).toHaveAttribute('aria-valuetext', '0:03: synthetic 35.2%');
  // By keys as well.
  await place.press('Home');
  await expect.poll(heard).toBe(0);
  await band.getByText('As a table').click();
  await expect(band.getByRole('row')).toHaveCount(1 + 7);
  await expect(band.getByRole('row').last()).toHaveText(/3\.0–4\.0 s\s*31\.2%\s*human, 68\.8%/);
  // One window has no course of time.
  const person = page.getByRole('article', { name: 'person.wav' });
  await expect(person.getByText('human 81.6%').first()).toBeVisible();
  await expect(person.getByRole('slider')).toHaveCount(0);
});

test('what the inbox asks people about, the model does not know', async ({ page, console: site }) => {
  site.state.models = [warmModel()];
  site.state.inboxes = [inbox({ inbox: { crowd: 'UNCERTAIN', askBelow: 0.9, holdSeconds: 300 } })];
  await site.open(page, 'clara', `${MODEL}/try`);
  await expect(page.getByText('Where the model is less sure than 90%, people are asked')).toBeVisible();
  await page.locator(input).setInputFiles([recording('person.wav'), recording('robot.wav')]);
  const person = page.getByRole('article', { name: 'person.wav' });
  await expect(person.getByText('Don’t know')).toBeVisible();
  await expect(person).toContainText('It leans to “human”, 81.6%. Below 90% people are asked.');
  const robot = page.getByRole('article', { name: 'robot.wav' });
  await expect(robot.getByText('synthetic 97.3%').first()).toBeVisible();
  await expect(robot.getByText('Don’t know')).toHaveCount(0);
});

test('a number is said of a recording, and of each window over time', async ({ page, console: site }) => {
  site.state.models = [warmModel({ output: { field: 'age', windows: 'MEAN' } })];
  site.state.inboxes = [inbox()];
  await site.open(page, 'clara', `${MODEL}/try`);
  await page.locator(input).setInputFiles(recording('aged.wav', 3));
  const aged = page.getByRole('article', { name: 'aged.wav' });
  await expect(aged.getByRole('status').first()).toContainText('31.5');
  await expect(aged).not.toContainText('%');
  await expect(aged.getByText('The number over time, between the least and the greatest')).toBeVisible();
  await expect(aged.getByRole('slider')).toHaveAttribute('aria-valuetext', '0:00: 10.5');
  await aged.getByText('As a table').click();
  const last = aged.getByRole('row').last();
  await expect(last).toHaveText(/2.0–3.0 s\s*31.5/);
});
