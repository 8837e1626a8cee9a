/** How a receiver verifies what it gets, with the official library of each language. */
export const snippets: readonly { language: string; install: string; code: string }[] = [
  {
    language: 'Python',
    install: 'pip install standardwebhooks',
    code: `import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = webhook.verify(body, dict(self.headers.items()))
        except (WebhookVerificationError, ValueError):
            status = 400
        else:
            status = 204
            print(self.headers["webhook-id"], event["type"], event["subject"])
        self.send_response(status)
        self.end_headers()

HTTPServer(("127.0.0.1", 8080), Receiver).serve_forever()`,
  },
  {
    language: 'Node',
    install: 'npm install standardwebhooks',
    code: `import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  let event;
  try {
    event = webhook.verify(body, request.headers);
  } catch {
    return response.writeHead(400).end();
  }
  response.writeHead(204).end();
  console.log(request.headers["webhook-id"], event.type, event.subject);
}).listen(8080, "127.0.0.1");`,
  },
  {
    language: 'Go',
    install: 'go get github.com/standard-webhooks/standard-webhooks/libraries/go',
    code: `func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	if secret == "" {
		log.Fatal("set WEBHOOK_SECRET")
	}
	// import standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = webhook.Verify(body, r.Header)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		go handle(r.Header.Get("webhook-id"), body)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}`,
  },
  {
    language: 'Rust',
    install: 'cargo add standardwebhooks axum && cargo add tokio --features full',
    code: `use axum::{Router, body::Bytes, extract::State, http::{HeaderMap, StatusCode}};
use standardwebhooks::Webhook;
use std::{env, error::Error, sync::Arc};

async fn receive(
    State(webhook): State<Arc<Webhook>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    if webhook.verify(&body, &headers).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    tokio::spawn(async move { println!("{}", String::from_utf8_lossy(&body)) });
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = env::var("WEBHOOK_SECRET").ok().filter(|s| !s.is_empty());
    let webhook = Arc::new(Webhook::new(&secret.ok_or("set WEBHOOK_SECRET")?)?);
    let app = Router::new().fallback(receive).with_state(webhook);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    Ok(axum::serve(listener, app).await?)
}`,
  },
];
