//! What is asked wrongly: members, queries, segments of paths and whole bodies.

use serde_json::{Value, json};

/// What a member may wrongly be.
pub fn wrong() -> Vec<Value> {
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
pub const QUERIES: [&str; 8] = [
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
pub const SEGMENTS: [&str; 7] = [
    "abc",
    "0",
    "-1",
    "99999999999999999999",
    "%ff",
    "%20",
    "a%2Fb",
];

/// What is no object, or no JSON.
pub const BODIES: [&str; 12] = [
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

/// Where the members of a value are, as JSON pointers; every object may have one more.
pub fn places(value: &Value, at: &str, found: &mut Vec<String>) {
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

pub fn with(body: &Value, place: &str, value: Value) -> Value {
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
