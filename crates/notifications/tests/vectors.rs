//! What we sign is what the official libraries of other languages sign: `vectors.json` says it, and a check of the
//! examples made it.

use serde::Deserialize;
use standardwebhooks::Webhook;

#[derive(Deserialize)]
struct Vector {
    name: String,
    id: String,
    timestamp: i64,
    body: String,
    secret: String,
    signature: String,
}

#[test]
fn each_vector_is_signed_as_elsewhere() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert!(vectors.len() >= 9);
    for v in vectors {
        let webhook = Webhook::new(&v.secret).unwrap();
        let signed = webhook.sign(&v.id, v.timestamp, v.body.as_bytes()).unwrap();
        assert_eq!(signed, v.signature, "{}", v.name);
    }
}
