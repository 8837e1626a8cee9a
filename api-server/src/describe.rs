//! What every operation of a description has in common: the one error body, and the idempotency key.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, OpenApi, Ref, Required, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn, PathItem},
    },
};

use crate::idempotency;

/// The one error body. Its members are those of the shared type; this one exists to be described.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "describes the body")]
struct ProblemBody {
    /// Always `about:blank`: the code says which problem it is.
    #[schema(example = "about:blank")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Conflict")]
    title: String,
    #[schema(example = 409, minimum = 400, maximum = 599)]
    status: u16,
    #[schema(format = DateTime)]
    timestamp: String,
    /// Path of the request.
    #[schema(example = "/tasks/1/submit")]
    path: String,
    /// A sentence that ends with what to do.
    #[schema(example = "The lease has ended; claim the task again.")]
    message: String,
    /// Stable; docs/errors.md lists them.
    #[schema(example = "lease_lost", pattern = "^[a-z0-9_]+$")]
    code: String,
    /// Finds the request in the logs.
    correlation_id: String,
    /// Per member of the request, or facts that a program acts on.
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

/// Adds it to a description whose operations are all there.
pub fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Default::default);
    components
        .schemas
        .insert("Problem".to_owned(), ProblemBody::schema());
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            let problem = ResponseBuilder::new()
                .description("What went wrong, and what to do")
                .content(
                    "application/problem+json",
                    Content::new(Some(Ref::from_schema_name("Problem"))),
                );
            operation
                .responses
                .responses
                .insert("default".to_owned(), problem.build().into());
        }
        if let Some(post) = item.post.as_mut().filter(|_| idempotency::takes_key(path)) {
            let key = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "The same key and body get the stored answer for a day.",
                ))
                .schema(Some(String::schema()));
            post.parameters
                .get_or_insert_with(Vec::new)
                .push(key.build().into());
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}
