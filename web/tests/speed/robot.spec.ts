/** 300 items by keys alone, measured in the page: from the key's own time to the frame after the next item. */
import { expect, test } from '../console.ts';
import { PROJECT } from '../fake/state.ts';

const ITEMS = Number(process.env['CONSOLE_ITEMS'] ?? 60);
const LATENCIES = (process.env['CONSOLE_LATENCIES'] ?? '0,50,300').split(',').map(Number);
const PACES = (process.env['CONSOLE_PACES'] ?? '3').split(',').map(Number);

interface Run {
  keyToPaint: number[];
  waits: number;
  heap: number;
}

for (const latency of LATENCIES)
  for (const pace of PACES)
    test(`${ITEMS} items at ${pace === 0 ? 'full speed' : `${pace}/s`} with ${latency} ms of latency`, async ({
      page,
      console: site,
    }) => {
      test.setTimeout(600_000);
      site.state.labeling.instructions = '';
      site.state.fill(ITEMS + 5);
      site.state.latency = latency;
      await site.open(page, 'wanda', `/work/${PROJECT}`);
      await expect(page.getByText('number 1 lasts')).toBeVisible();
      await page.waitForTimeout(latency * 3 + 200);
      await page.evaluate(() => {
        const run: { keyToPaint: number[]; waits: number } = { keyToPaint: [], waits: 0 };
        (window as unknown as { run: typeof run }).run = run;
        addEventListener(
          'keydown',
          (event) => {
            if (event.key !== 'Enter') return;
            // A message posted from a frame's callback arrives once that frame is painted.
            requestAnimationFrame(() => {
              const channel = new MessageChannel();
              channel.port1.onmessage = () => {
                run.keyToPaint.push(performance.now() - event.timeStamp);
                if (document.querySelector('[role=region]') === null) run.waits += 1;
              };
              channel.port2.postMessage(null);
            });
          },
          { capture: true },
        );
      });
      for (let i = 0; i < ITEMS; i += 1) {
        await page.keyboard.press(String(1 + (i % 3)));
        // At full speed a robot waits for the item, as a person's eyes do.
        if (pace === 0) await page.locator('[role=region]').waitFor();
        await page.keyboard.press('Enter');
        if (pace > 0) await page.waitForTimeout(1000 / pace);
      }
      await expect.poll(() => site.state.log.length, { timeout: 60_000 }).toBe(ITEMS);
      const heap = await page.evaluate(
        () => (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0,
      );
      const run = { ...(await page.evaluate(() => (window as unknown as { run: Run }).run)), heap };
      const sorted = run.keyToPaint.sort((a, b) => a - b);
      const at = (share: number) =>
        (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
      process.stdout.write(
        `  key → painted: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; waits ${run.waits} of ${ITEMS}\n`,
      );
      // In order and complete: every task once, with the key that was pressed on it.
      expect(site.state.log.map((one) => one.taskId).sort((a, b) => a - b)).toEqual(
        Array.from({ length: ITEMS }, (_, i) => i + 1),
      );
      const options = ['bad', 'neutral', 'good'];
      for (const { taskId, answer } of site.state.log)
        expect(answer).toEqual({ rating: options[(taskId - 1) % 3] });
    });
