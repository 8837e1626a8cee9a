use super::*;

/// Posts that answer 201 or 202 and whose repetition changes nothing by itself.
const REPEATABLE: [(&str, &str); 18] = [
    ("/datasets/{id}/generate-tasks", "the gate knows the run"),
    ("/datasets/{id}/retry", "the annotation is the same"),
    (
        "/tasks/{id}/submit",
        "the lease is gone: the same answer again",
    ),
    ("/me/tokens", "the name is unique"),
    ("/admin/promo-codes", "the code is unique"),
    ("/payments/checkout", "the payment keeps the key itself"),
    ("/webhook-endpoints", "the address is unique"),
    (
        "/webhook-endpoints/{id}/secret",
        "the later secret replaces the earlier",
    ),
    (
        "/webhook-endpoints/{id}/test",
        "one more event harms nobody",
    ),
    (
        "/webhook-endpoints/{id}/resend",
        "what waits already is not sent twice",
    ),
    (
        "/webhook-endpoints/{id}/deliveries/{deliveryId}/resend",
        "what waits already is not sent twice",
    ),
    (
        "/admin/users/{id}/reset-link",
        "the later link replaces the earlier",
    ),
    (
        "/admin/invitations",
        "the answer holds a secret; an invitation that nobody holds ends by itself",
    ),
    (
        "/projects/{id}/uploads",
        "a folder that no dataset names goes by itself",
    ),
    (
        "/uploads/{id}/files",
        "a file that nobody sends goes with its folder",
    ),
    ("/projects/{id}/gold", "a task is gold once"),
    ("/projects/{id}/restore", "what is there is not made again"),
    ("/datasets/{id}/restore", "what is there is not made again"),
];

#[test]
fn whatever_creates_takes_a_key_or_says_why_it_needs_none() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let known = |path: &str| {
        CREATING.iter().any(|(p, _)| *p == path) || REPEATABLE.iter().any(|(p, _)| *p == path)
    };
    for (path, operations) in document["paths"].as_object().unwrap() {
        let answers = &operations["post"]["responses"];
        if answers["201"].is_object() || answers["202"].is_object() {
            assert!(known(path), "POST {path} creates");
        }
    }
    for (path, _) in CREATING {
        assert!(document["paths"][path]["post"].is_object(), "{path}");
    }
    for (path, why) in REPEATABLE {
        assert!(document["paths"][path]["post"].is_object(), "{path}: {why}");
    }
}
