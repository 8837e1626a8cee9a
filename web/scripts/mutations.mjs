// Takes out, one after the other, what keeps answers, sessions and pages whole, and sees that a test notices:
//   npm run test:mutations
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const MUTATIONS = {
  outbox: 'a killed tab loses nothing',
  'refresh-lock': 'two tabs that renew at once',
  escaping: 'script in an item',
};

const run = (command, args, env) =>
  spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });

let unnoticed = 0;
for (const [mutation, test] of Object.entries(MUTATIONS)) {
  const dist = `dist-without-${mutation}`;
  const built = run('npx', ['vite', 'build', '--outDir', dist, '--logLevel', 'error'], {
    CONSOLE_MUTATION: mutation,
  });
  if (built.status !== 0) throw new Error(`the build without ${mutation} failed`);
  const tested = run('npx', ['playwright', 'test', '--workers=1', '--grep', test], { CONSOLE_DIST: dist });
  rmSync(dist, { recursive: true });
  const failed = /(\d+) failed/.exec(tested.stdout ?? '')?.[1];
  if (failed === undefined) unnoticed += 1;
  console.log(`without ${mutation}: ${failed === undefined ? 'NO TEST NOTICES' : `“${test} …” fails`}`);
}
process.exit(unnoticed === 0 ? 0 : 1);
