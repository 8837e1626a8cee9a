// Takes webhooks of DataCrowd Lab: verifies each, answers, drops repeats, and tells where one is missing.
//
// WEBHOOK_SECRET=whsec_… PORT=8080 node receiver.js
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const LARGEST = 1 << 20; // bytes; an event has less than 20 kB
const REMEMBERED = 100_000; // ids

if (!process.env.WEBHOOK_SECRET) {
  console.error("set WEBHOOK_SECRET to the secret of the endpoint: whsec_…");
  process.exit(1);
}
const webhook = new Webhook(process.env.WEBHOOK_SECRET);

// What came already. In a service this is a table with a unique webhook-id, which a restart does not empty.
const ids = new Set(); // in the order in which they came
let latest;

// Whether this is new. Without `await` in it, two attempts that arrive at once cannot both be.
function take(id, sequence) {
  if (ids.has(id)) return false;
  ids.add(id);
  if (ids.size > REMEMBERED) ids.delete(ids.values().next().value);
  if (latest !== undefined && sequence > latest + 1n) console.log(`gap ${latest + 1n} to ${sequence - 1n}`);
  if (latest === undefined || sequence > latest) latest = sequence;
  return true;
}

// Your work. The sender has its answer by now, so it may take its time.
async function handle(event) {
  console.log(`event ${BigInt(event.sequence)} ${event.type} ${event.subject}`);
}

// The body as it came: JSON that was parsed and written again has another signature.
async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LARGEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function receive(request, response) {
  const body = await read(request);
  if (body === undefined) return response.writeHead(413, { connection: "close" }).end();
  let event, sequence;
  try {
    event = webhook.verify(body, request.headers);
    sequence = BigInt(event.sequence); // more digits than a number keeps
  } catch (refusal) {
    console.error(`refused: ${refusal.message}`);
    return response.writeHead(400).end();
  }
  const id = request.headers["webhook-id"];
  const fresh = take(id, sequence);
  response.writeHead(204).end(); // also to a repeat, or it comes again
  if (fresh) await handle(event);
  else console.log(`repeat ${id}`);
}

const server = createServer({ requestTimeout: 15_000 }, (request, response) => {
  receive(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1", () => {
  console.log(`listening on port ${server.address().port}`);
});
