/**
 * Items by keys alone, measured in the page: from the key's own time to the frame that shows the next item. The short
 * form runs with the other tests; CONSOLE_BENCH=1 (npm run bench) runs 300 items at every pace and latency.
 */
import type { Page } from '@playwright/test';
import { expect, test } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

const isBench = process.env['CONSOLE_BENCH'] === '1';
const list = (name: string, otherwise: string) => (process.env[name] ?? otherwise).split(',').map(Number);
const ITEMS = Number(process.env['CONSOLE_ITEMS'] ?? (isBench ? 300 : 40));
const LATENCIES = list('CONSOLE_LATENCIES', isBench ? '0,50,300' : '50');
/** Items a second; 0 is as fast as they come. */
const PACES = list('CONSOLE_PACES', isBench ? '1,3,0' : '0');
const MEGABYTE = 1_000_000;

interface Run {
  keyToPaint: number[];
  skeletons: number;
  shift: number;
}

/** Watches the page from within. A wait is a skeleton shown, or a gap over 100 ms. */
const watch = (page: Page) =>
  page.evaluate(() => {
    const run: Run = { keyToPaint: [], skeletons: 0, shift: 0 };
    (window as unknown as { run: Run }).run = run;
    new PerformanceObserver((entries) => {
      for (const entry of entries.getEntries() as (PerformanceEntry & { value: number })[])
        run.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: false });
    const shown = () => document.querySelector('[role=region]');
    addEventListener(
      'keydown',
      (event) => {
        if (event.key !== 'Enter') return;
        const before = shown();
        let isFirst = true;
        const look = () => {
          const now = shown();
          if (now === null || now === before) {
            if (now === null && isFirst) run.skeletons += 1;
            isFirst = false;
            requestAnimationFrame(look);
            return;
          }
          // A message posted from a frame's callback arrives once that frame is painted.
          const channel = new MessageChannel();
          channel.port1.onmessage = () => run.keyToPaint.push(performance.now() - event.timeStamp);
          channel.port2.postMessage(null);
        };
        requestAnimationFrame(look);
      },
      { capture: true },
    );
  });

/** Bytes in use, after what nobody needs is gone. */
async function heapOf(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await devtools.detach();
  return usedSize;
}

function say(latency: number, pace: number, run: Run, growth: number): void {
  const sorted = [...run.keyToPaint].sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  const waits = run.skeletons + sorted.filter((one) => one > 100).length;
  const speed = pace === 0 ? 'unthrottled' : `${pace}/s`;
  process.stdout.write(
    `| ${speed} | ${latency} ms | ${sorted.length} | ${at(0.5)} ms | ${at(0.99)} ms | ${waits} | ${run.shift.toFixed(3)} | ${(growth / MEGABYTE).toFixed(1)} MB |\n`,
  );
}

test.beforeAll(() => {
  process.stdout.write(
    '| pace | added latency | items | key → painted p50 | p99 | waits | CLS | heap growth |\n|---|---|---|---|---|---|---|---|\n',
  );
});

for (const pace of PACES)
  for (const latency of LATENCIES)
    test(`${ITEMS} items at ${pace === 0 ? 'full speed' : `${pace}/s`} with ${latency} ms of latency`, async ({
      page,
      console: site,
    }) => {
      test.setTimeout(60_000 + ITEMS * 4000);
      site.state.labeling.instructions = '';
      site.state.fill(ITEMS + 5);
      site.state.latency = latency;
      await site.open(page, 'wanda', `/work/${PROJECT}`);
      await expect(page.getByText('number 1 lasts')).toBeVisible();
      await expect.poll(() => site.state.tasks.filter((one) => one.lease !== null).length).toBe(4);
      const before = await heapOf(page);
      await watch(page);
      for (let i = 0; i < ITEMS; i += 1) {
        // At full speed a robot waits for the item, as a person's eyes do.
        if (pace === 0) await page.getByText(`number ${i + 1} lasts`).waitFor();
        await page.keyboard.press(String(1 + (i % 3)));
        await page.keyboard.press('Enter');
        if (pace > 0) await page.waitForTimeout(1000 / pace);
      }
      await expect.poll(() => site.state.log.length, { timeout: 60_000 }).toBe(ITEMS);
      const run = await page.evaluate(() => (window as unknown as { run: Run }).run);
      say(latency, pace, run, (await heapOf(page)) - before);
      // Complete and in place: every task once, with the key that was pressed on it.
      expect(site.state.log.map((one) => one.taskId).sort((a, b) => a - b)).toEqual(
        Array.from({ length: ITEMS }, (_, i) => i + 1),
      );
      const options = ['bad', 'neutral', 'good'];
      for (const { taskId, answer } of site.state.log)
        expect(answer).toEqual({ rating: options[(taskId - 1) % 3] });
    });
