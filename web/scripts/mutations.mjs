// Takes out, one after the other, what keeps answers, sessions and pages whole, and sees that a test notices:
//   npm run test:mutations
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

const MUTATIONS = {
  outbox: 'a killed tab loses nothing',
  'refresh-lock': 'two tabs that renew at once',
  escaping: 'script in an item',
};

/** The console as it is. */
const WHOLE = 'whole';

const run = (command, args, env) =>
  spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });

/** Builds the console without a part, or whole, and runs the tests of that name against it: how many failed. */
function failures(mutation, tests) {
  const dist = `dist-mutated-${mutation}`;
  const built = run('npx', ['vite', 'build', '--outDir', dist, '--logLevel', 'error'], {
    CONSOLE_MUTATION: mutation === WHOLE ? undefined : mutation,
  });
  if (built.status !== 0) throw new Error(`the build ${mutation} failed`);
  const tested = run('npx', ['playwright', 'test', '--workers=1', '--grep', tests], { CONSOLE_DIST: dist });
  rmSync(dist, { recursive: true });
  if (!/\d+ (passed|failed)/.test(tested.stdout ?? ''))
    throw new Error(`no test ran on the build ${mutation}: ${tested.stdout}`);
  return Number(/(\d+) failed/.exec(tested.stdout)?.[1] ?? 0);
}

// A test that fails anyway notices nothing.
if (failures(WHOLE, Object.values(MUTATIONS).join('|')) > 0) {
  console.log('these tests fail on the whole console, too: mend that first');
  process.exit(1);
}
let unnoticed = 0;
for (const [mutation, test] of Object.entries(MUTATIONS)) {
  const isNoticed = failures(mutation, test) > 0;
  if (!isNoticed) unnoticed += 1;
  console.log(`without ${mutation}: ${isNoticed ? `“${test} …” fails` : 'NO TEST NOTICES'}`);
}
process.exit(unnoticed === 0 ? 0 : 1);
