/** A client's pages follow the stream of events. */
import { expect, test } from '../console.ts';
import { DATASET, PROJECT } from '../fake/state.ts';

const told = (id: number, type: string) =>
  `id: ${id}\ndata: ${JSON.stringify({ type: `io.datacrowd.${type}.v1`, data: { datasetId: DATASET } })}\n\n`;

test('what is told is on the page at once; a broken line goes on where it was; leaving ends it', async ({
  page,
  console: site,
}) => {
  const { stream } = site.state;
  stream.has = true;
  const reads: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes(`/projects/${PROJECT}/datasets`)) reads.push(request.url());
  });
  await site.open(page, 'clara', `/client/projects/${PROJECT}/data`);
  await expect.poll(() => stream.open.size).toBe(1);
  // What is fetched once the stream is there; then nothing is for longer than a page asks without one.
  await page.waitForTimeout(3000);
  const before = reads.length;
  await page.waitForTimeout(5000);
  expect(reads.length).toBe(before);
  for (const one of stream.open) one.write(told(7, 'dataset.ready'));
  await expect.poll(() => reads.length, { timeout: 3000 }).toBe(before + 1);
  for (const one of stream.open) one.destroy();
  await expect.poll(() => stream.asked).toEqual(['', '7']);
  await page.getByRole('link', { name: 'Payments' }).first().click();
  await expect.poll(() => stream.open.size).toBe(0);
});

test('a server without the stream is asked once, and pages ask as before', async ({
  page,
  console: site,
}) => {
  let streams = 0;
  let reads = 0;
  page.on('request', (request) => {
    if (request.url().includes('/events/stream')) streams += 1;
    if (request.url().includes(`/projects/${PROJECT}/datasets`)) reads += 1;
  });
  await site.open(page, 'clara', `/client/projects/${PROJECT}/data`);
  await expect.poll(() => reads).toBeGreaterThan(2);
  expect(streams).toBe(1);
});
