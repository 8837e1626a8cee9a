//! The API's own description, as far as bodies are made from it.

use serde_json::{Value, json};

use crate::authz_coverage::{Operation, body_of};

/// One description, to look schemas up in.
pub struct Description(pub Value);

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

    pub fn of(&self, operation: &Operation) -> &Value {
        let method = operation.method.as_str().to_lowercase();
        &self.0["paths"][&operation.path][method]
    }

    /// A body that is nearly right: what a test of rights sends, and every other member.
    pub fn body(&self, operation: &Operation) -> Option<Value> {
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
