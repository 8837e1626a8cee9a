// Reads vectors from its standard input, as crates/notifications/tests/vectors.json has them, and prints what the
// official library for JavaScript signs for each.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

for (const v of JSON.parse(readFileSync(0, "utf8"))) {
  console.log(new Webhook(v.secret).sign(v.id, new Date(v.timestamp * 1000), v.body));
}
