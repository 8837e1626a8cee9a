// graphile-worker as the reference of a queue in Postgres: no HTTP, no rights, no answer that is checked and kept.
//
// node queue.mjs ITEMS CLIENTS SECONDS, with DATABASE_URL: adds that many jobs, 1,000 a call, then works on them with that many
// clients (jobs at once in one process, each asking Postgres for its own job), until the time or four fifths of the jobs have passed.
// Prints JSON: seconds of the adding and of the working, and microseconds of each get (next). It does not wait for a completion
// before it asks for the next job, so there is no time of a submit.
import { EventEmitter } from "node:events";
import { makeWorkerUtils, run, Logger } from "graphile-worker";

const [items, clients, seconds] = process.argv.slice(2).map(Number);
const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") console.error(message);
});
const now = () => performance.now();

async function add() {
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  await utils.withPgClient((pg) => pg.query("truncate graphile_worker._private_jobs"));
  const begun = now();
  for (let first = 0; first < items; first += 1000) {
    const count = Math.min(1000, items - first);
    const text = (row) => `the text of row ${row}, as long as a short review is`;
    await utils.addJobs(
      Array.from({ length: count }, (_, n) => ({ identifier: "rate", payload: { id: `i${first + n}`, text: text(first + n) } })),
    );
  }
  const took = (now() - begun) / 1000;
  await utils.withPgClient((pg) => pg.query("analyze graphile_worker._private_jobs"));
  await utils.release();
  return took;
}

async function work() {
  const events = new EventEmitter();
  const next = [];
  const since = new Map();
  let first, last;
  let loops = 0;
  events.on("worker:getJob:start", ({ worker }) => {
    first ??= now();
    since.set(worker.workerId, now());
  });
  events.on("job:start", ({ worker }) => next.push(Math.round((now() - since.get(worker.workerId)) * 1000)));
  let enough;
  let stopped = false;
  const done = new Promise((resolve) => (enough = resolve));
  events.on("job:complete", () => {
    if (stopped) return;
    loops += 1;
    last = now();
    if (loops >= items * 0.8) enough();
  });
  const runner = await run({
    connectionString,
    logger,
    events,
    concurrency: clients,
    maxPoolSize: clients + 2,
    noHandleSignals: true,
    taskList: { rate: async () => {} },
  });
  const timer = setTimeout(enough, seconds * 1000);
  await done;
  stopped = true;
  clearTimeout(timer);
  await runner.stop();
  return { loops, took: (last - first) / 1000, next };
}

const added = await add();
console.log(JSON.stringify({ added, ...(await work()) }));
