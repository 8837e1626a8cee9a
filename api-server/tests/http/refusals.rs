//! Every operation, asked wrongly in every way that its description allows: each refusal is the one error body, in
//! the words of who asked, under the member's own name.

mod description;
mod wrong;

use reqwest::Method;
use serde_json::json;

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::scaled;

use self::{
    description::Description,
    wrong::{BODIES, QUERIES, SEGMENTS, places, with, wrong},
};
use crate::{
    authz_coverage::{For, Operation, World, operations, row, rows},
    support::{Answer, INTERNAL_TOKEN, Platform, answer},
};

/// What no caller ever typed.
const FOREIGN: [&str; 34] = [
    "i64",
    "i32",
    "u64",
    "u32",
    "u16",
    "f64",
    "usize",
    "struct ",
    "enum ",
    "tuple",
    "serde",
    "expected value",
    "deserialize",
    "Deserialize",
    "UUID parsing",
    "at line 1 column",
    "line 1 column",
    "invalid type",
    "invalid value",
    "invalid length",
    "invalid digit",
    "variant",
    "`",
    "untagged",
    "Option<",
    "EOF",
    "ParseInt",
    "multer",
    "axum",
    "hyper",
    "sqlx",
    "kube::",
    "in body should",
    "Some(",
];

/// Collects what no caller would understand.
#[derive(Default)]
struct Found {
    asked: usize,
    refused: usize,
    faults: Vec<String>,
}

impl Found {
    fn judge(&mut self, what: &str, answer: &Answer, internal: bool) {
        self.asked += 1;
        if answer.status.as_u16() < 400 {
            return;
        }
        self.refused += 1;
        let fault = fault_of(answer, internal);
        if let Some(fault) = fault {
            self.faults.push(format!("{what}: {fault}"));
        }
    }
}

/// The operator's words are those of resources; everybody else's are those of REST.
fn fault_of(answer: &Answer, internal: bool) -> Option<String> {
    let kind = answer
        .headers
        .get("content-type")
        .map(|v| v.as_bytes().to_vec());
    if kind.as_deref() != Some(b"application/problem+json") {
        return Some(format!("{} is no problem: {}", answer.status, answer.body));
    }
    if answer.status.as_u16() >= 500 {
        return Some(format!("{} {}", answer.status, answer.body));
    }
    let mut said = vec![
        answer.body["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    ];
    for (member, why) in answer.body["details"].as_object().unwrap() {
        said.push(member.clone());
        said.push(why.as_str().map_or_else(|| why.to_string(), str::to_owned));
    }
    let foreign = |text: &String| {
        let of_the_resource = text
            .match_indices("spec.")
            .any(|(at, _)| text[at + 5..].starts_with(|c: char| c.is_ascii_lowercase()));
        (of_the_resource && !internal) || FOREIGN.iter().any(|word| text.contains(word))
    };
    let told = said.iter().find(|text| foreign(text))?;
    Some(format!("\"{told}\" is not in the caller's words"))
}

struct Walk<'a> {
    world: &'a World,
    found: Found,
    turn: usize,
}

impl Walk<'_> {
    async fn ask(&mut self, operation: &Operation, who: For, path: &str, body: Option<String>) {
        let server = if operation.internal {
            &self.world.p.internal
        } else {
            &self.world.p.url
        };
        let mut request = self
            .world
            .p
            .http
            .request(operation.method.clone(), format!("{server}{path}"));
        request = match who {
            For::Anybody => request,
            For::Operator => request.header("x-internal-token", INTERNAL_TOKEN),
            For::Runner => request.bearer_auth(&self.world.runner),
            For::Admin | For::ProvenAdmin => request.bearer_auth(&self.world.admin),
            For::Client | For::Owner => request.bearer_auth(&self.world.client),
            For::Worker | For::SignedIn | For::Person | For::Proven => {
                request.bearer_auth(&self.world.worker)
            }
        };
        if operation.id == "chunk_load" {
            request = request
                .header("x-run-id", &self.world.run)
                .header("x-epoch", 1);
        }
        let shown = format!(
            "{} {path} {}",
            operation.method,
            body.as_deref().unwrap_or_default()
        );
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = answer(request).await;
        self.found.judge(&shown, &answer, operation.internal);
    }

    async fn walk(&mut self, description: &Description, operation: &Operation, who: For) {
        let path = self.world.path(operation);
        let spec = description.of(operation);
        for parameter in spec["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            match parameter["in"].as_str().unwrap() {
                "query" => {
                    for value in QUERIES {
                        let plain = path.split('?').next().unwrap();
                        self.ask(operation, who, &format!("{plain}?{name}={value}"), None)
                            .await;
                        let twice = format!("{plain}?{name}={value}&{name}={value}");
                        self.ask(operation, who, &twice, None).await;
                    }
                }
                "path" => {
                    for value in SEGMENTS {
                        let named = operation.path.replace(&format!("{{{name}}}"), value);
                        let path = self.world.filled(operation, &named);
                        self.ask(operation, who, &path, None).await;
                    }
                }
                _ => {}
            }
        }
        let Some(body) = description.body(operation) else {
            if operation.method != Method::GET && operation.method != Method::DELETE {
                for text in ["", "{", "null", "{\"rowNo\":1}"] {
                    self.ask(operation, who, &path, Some(text.to_owned())).await;
                }
            }
            return;
        };
        for text in BODIES {
            self.ask(operation, who, &path, Some(text.to_owned())).await;
        }
        let mut all = Vec::new();
        places(&body, "", &mut all);
        let wrong = wrong();
        for place in all {
            // A slice takes turns, so that every value is tried somewhere.
            for _ in 0..scaled(3, wrong.len()) {
                self.turn += 1;
                let value = wrong[self.turn % wrong.len()].clone();
                let body = with(&body, &place, value);
                self.ask(operation, who, &path, Some(body.to_string()))
                    .await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_in_the_callers_words() {
    let mut world = World::new().await;
    // What an ADMIN does to a user is done to one whom nobody here plays.
    world.user = world.p.register("somebody").await.0;
    let (public, internal) = (
        Description(serde_json::to_value(datacrowd_api_server::openapi()).unwrap()),
        Description(serde_json::to_value(datacrowd_api_server::internal_openapi()).unwrap()),
    );
    let rows = rows();
    let mut walk = Walk {
        world: &world,
        found: Found::default(),
        turn: 0,
    };
    for operation in operations() {
        let Some((_, who)) = row(&rows, &operation) else {
            continue;
        };
        // An answer to HEAD has no words.
        if operation.method == Method::HEAD {
            continue;
        }
        let description = if operation.internal {
            &internal
        } else {
            &public
        };
        walk.walk(description, &operation, who).await;
    }
    let Found {
        asked,
        refused,
        faults,
    } = walk.found;
    assert!(
        faults.is_empty(),
        "{} of {refused}: {:#?}",
        faults.len(),
        &faults[..faults.len().min(40)]
    );
    assert!(
        refused > 1000 && asked < refused * 2,
        "{refused} of {asked} were refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_words_in_messages() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let post = async |path: &str, body: &str| {
        let request = p
            .http
            .post(format!("{}{path}", p.url))
            .bearer_auth(&client.token);
        answer(
            request
                .header("content-type", "application/json")
                .body(body.to_owned()),
        )
        .await
    };
    let buy =
        |judgements: &str| format!("{{\"projectId\":\"{project}\",\"judgements\":{judgements}}}");
    let labeling = "{\"displayName\":\"A\",\"dataType\":\"TEXT\",\"labeling\":{\"fields\":[{\"name\":\"n\",\"type\":\"NUMBER\",\"minimum\":\"one\"}]}}";
    for (path, body, member, says) in [
        (
            "/payments/checkout",
            buy("1.5"),
            "judgements",
            "must be a whole number, without a fraction",
        ),
        (
            "/payments/checkout",
            buy("99999999999999999999"),
            "judgements",
            "is a number out of range; send one nearer to 0",
        ),
        (
            "/payments/checkout",
            buy("\"10\""),
            "judgements",
            "must be a whole number, not a text",
        ),
        (
            "/projects",
            "null".to_owned(),
            "body",
            "must be an object in braces, not null",
        ),
        (
            "/projects",
            "[]".to_owned(),
            "body",
            "must be an object in braces, not a list",
        ),
        (
            "/projects",
            "{}".to_owned(),
            "displayName",
            "is missing; add it",
        ),
        (
            "/projects",
            "{\"displayName\":\"A\",\"dataType\":\"PROSE\"}".to_owned(),
            "dataType",
            "must be one of TEXT, IMAGE, AUDIO, VIDEO, JSON, not \"PROSE\"",
        ),
    ] {
        let refused = post(path, &body).await.refused(422, "invalid_request");
        assert_eq!(refused["details"], json!({member: says}), "{body}");
    }
    for broken in ["[[[[", "[1,]", "[{\"displayName\":\"A\"}"] {
        let refused = post("/projects", broken).await;
        assert_eq!(fault_of(&refused, false), None);
        refused.refused(400, "invalid_json");
    }
    let refused = post("/projects", labeling).await;
    assert_eq!(fault_of(&refused, false), None);
    let details = refused.body["details"].clone();
    assert!(
        details["labeling.fields[0].minimum"].is_string(),
        "{details}"
    );
    let unknown = "{\"displayName\":\"A\",\"dataType\":\"TEXT\",\"labeling\":{\"fields\":[{\"name\":\"n\",\"type\":\"TEXT\",\"colour\":1}]}}";
    let refused = post("/projects", unknown)
        .await
        .refused(422, "unknown_field");
    assert_eq!(
        refused["details"],
        json!({"labeling.fields[0].colour": "is not known here; remove it"})
    );
    for (query, member, says) in [
        ("limit=abc", "limit", "must be a whole number"),
        (
            "cursor=",
            "cursor",
            "must be nextCursor of the page before; leave it out for the first page",
        ),
        ("limit=1&limit=2", "limit", "is given twice; keep one"),
    ] {
        let path = format!("/projects?{query}");
        let refused = p.call(Some(&client.token), Method::GET, &path, None).await;
        assert_eq!(
            refused.refused(422, "invalid_request")["details"],
            json!({member: says}),
            "{query}"
        );
    }
    let csv = b"id,text\n1,a\n".to_vec();
    let refused = p.upload(&client, &project, "items.csv", csv, 0).await;
    assert_eq!(
        refused.refused(422, "invalid_request")["details"],
        json!({"batchSize": "must be between 1 and 10000"})
    );
    let long = format!(
        "{{\"displayName\":\"{}\",\"dataType\":\"TEXT\",\"labeling\":{{\"fields\":[{{\"name\":\"n\",\"type\":\"TEXT\",\"maxLength\":0}}]}}}}",
        "a".repeat(300)
    );
    let refused = post("/projects", &long).await;
    assert_eq!(fault_of(&refused, false), None);
    assert_eq!(refused.status.as_u16(), 422);
}
