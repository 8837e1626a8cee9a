//! Every operation, asked wrongly in every way that its description allows: each refusal is the one error body, in
//! the words of who asked, under the member's own name.

use reqwest::Method;
use serde_json::{Value, json};

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::scaled;

use crate::{
    authz_coverage::{For, Operation, World, body_of, operations, row, rows},
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

/// What a member may wrongly be.
fn wrong() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(1.5),
        json!(-1),
        json!(u64::MAX),
        json!("x"),
        json!(""),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"x": 1}),
        json!(1e300),
    ]
}

/// What stands wrongly in a query.
const QUERIES: [&str; 8] = [
    "",
    "abc",
    "1.5",
    "-1",
    "99999999999999999999",
    "%ff",
    "null",
    "[]",
];
/// What stands wrongly in a path.
const SEGMENTS: [&str; 7] = [
    "abc",
    "0",
    "-1",
    "99999999999999999999",
    "%ff",
    "%20",
    "a%2Fb",
];
/// What is no object, or no JSON.
const BODIES: [&str; 12] = [
    "",
    "null",
    "[]",
    "[1]",
    "1",
    "\"x\"",
    "true",
    "{",
    "{\"a\":}",
    "{} x",
    "{\"a\":1,}",
    "\u{feff}{}",
];

/// One description, to look schemas up in.
struct Description(Value);

impl Description {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(name) = schema["$ref"].as_str() {
            return self.resolve(self.0.pointer(name.trim_start_matches('#')).unwrap());
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            let parts = schema[key].as_array().into_iter().flatten();
            let mut parts = parts.filter(|part| part["type"] != "null");
            if let Some(part) = parts.next() {
                return self.resolve(part);
            }
        }
        schema
    }

    /// A value with every member that the schema knows.
    fn sample(&self, schema: &Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        if !schema["example"].is_null() {
            return schema["example"].clone();
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds
                .iter()
                .find(|k| *k != "null")
                .cloned()
                .unwrap_or_default(),
            kind => kind.clone(),
        };
        match kind.as_str() {
            Some("object") if depth < 6 => {
                let members = schema["properties"].as_object().into_iter().flatten();
                members
                    .map(|(name, member)| (name.clone(), self.sample(member, depth + 1)))
                    .collect()
            }
            Some("object") => json!({}),
            Some("array") => json!([self.sample(&schema["items"], depth + 1)]),
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            _ => match schema["format"].as_str() {
                Some("uuid") => json!("00000000-0000-0000-0000-000000000000"),
                Some("date-time") => json!("2030-01-01T00:00:00Z"),
                _ => json!("x"),
            },
        }
    }

    fn of(&self, operation: &Operation) -> &Value {
        let method = operation.method.as_str().to_lowercase();
        &self.0["paths"][&operation.path][method]
    }

    /// A body that is nearly right: what a test of rights sends, and every other member.
    fn body(&self, operation: &Operation) -> Option<Value> {
        let schema = &self.of(operation)["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            return None;
        }
        let mut body = self.sample(schema, 0);
        let known = body_of(&operation.id);
        for (name, value) in known.as_object().unwrap() {
            body[name] = value.clone();
        }
        Some(body)
    }
}

/// Where the members of a value are, as JSON pointers; every object may have one more.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(format!("{at}/notAMember"));
            for (name, member) in members {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                found.push(at.clone());
                places(member, &at, found);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                found.push(format!("{at}/{n}"));
                places(item, &format!("{at}/{n}"), found);
            }
        }
        _ => {}
    }
}

fn with(body: &Value, place: &str, value: Value) -> Value {
    let mut body = body.clone();
    match body.pointer_mut(place) {
        Some(there) => *there = value,
        None => {
            let (parent, name) = place.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = value;
        }
    }
    body
}

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
