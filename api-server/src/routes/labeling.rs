//! The labeling model in REST's spelling: the same members as in the resource, enumerations in UPPER_SNAKE.

use std::borrow::Cow;

use axum::{extract::State, http::header, response::IntoResponse};
use datacrowd_labelling::answer_schema;
use datacrowd_protocol::{
    Upper,
    decimal::Decimal,
    ids::ProjectId,
    labeling::{Audience, DataType, DisplayColumn, Field, FieldType, Labeling, OnReject},
    raw::RawJson,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType},
};
use uuid::Uuid;

use crate::{
    auth::Owner,
    error::ApiResult,
    extract::{Path, Query},
    state::App,
};

/// One column shown to the worker.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DisplayBody {
    /// Name of the source column.
    #[schema(example = "text")]
    column: String,
    /// TEXT, IMAGE, AUDIO, VIDEO or JSON.
    #[schema(value_type = String, example = "TEXT")]
    kind: Upper<DataType>,
}

/// A bound of a number: read as the resource reads it, written as a number with all its digits.
#[derive(Debug, Clone)]
pub struct Bound(Decimal);

impl PartialSchema for Bound {
    fn schema() -> RefOr<Schema> {
        let either = SchemaType::from_iter([Type::Number, Type::String]);
        ObjectBuilder::new().schema_type(either).into()
    }
}

impl ToSchema for Bound {}

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawJson::parse(self.0.as_str().to_owned())
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bound {
    /// From the text as it was written: what a parser makes of a long number has other digits. Without an exponent,
    /// which the resource does not know.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let text: Cow<'_, str> = match raw.get().starts_with('"') {
            true => Cow::Owned(serde_json::from_str(raw.get()).map_err(D::Error::custom)?),
            false => Cow::Borrowed(raw.get()),
        };
        match Decimal::parse(&text) {
            Ok(bound) => Ok(Self(bound.plain())),
            Err(why) => Err(D::Error::custom(format!("must be a number, and {why}"))),
        }
    }
}

/// One question of the answer form.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldBody {
    /// Key of the answer.
    #[schema(example = "sentiment")]
    name: String,
    /// The question as the worker reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Sentiment")]
    title: Option<String>,
    /// A hint below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "How does its author feel?")]
    help: Option<String>,
    /// SINGLE_CHOICE, MULTI_CHOICE, TEXT, NUMBER or BOOLEAN.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "SINGLE_CHOICE")]
    kind: Upper<FieldType>,
    /// What may be chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["positive", "neutral", "negative"]))]
    options: Vec<String>,
    /// Whether an answer without this field is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
    /// Smallest accepted number; a text like "0.5" keeps every digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    minimum: Option<Bound>,
    /// Largest accepted number; a text like "0.5" keeps every digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    maximum: Option<Bound>,
    /// Longest accepted text in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 500)]
    max_length: Option<i32>,
}

/// What workers see, how they answer, who checks them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelingBody {
    /// Instructions in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Read the whole review before you choose.")]
    instructions: Option<String>,
    /// Columns shown to the worker, the main one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    display: Vec<DisplayBody>,
    /// Source column whose value identifies an item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "id")]
    external_id_column: Option<String>,
    /// The questions.
    fields: Vec<FieldBody>,
    /// Workers per task, 1 to 25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    answers_per_task: Option<i32>,
    /// Reviewers per answer, 0 to 9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    reviewers_per_answer: Option<i32>,
    /// Points per approved answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 10)]
    reward_points: Option<i32>,
    /// Length of a lease in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 300)]
    lock_seconds: Option<i32>,
    /// REQUEUE or CLOSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "REQUEUE")]
    on_reject: Option<Upper<OnReject>>,
    /// Rejections that close a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    max_rejections: Option<i32>,
    /// PUBLIC or MEMBERS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "PUBLIC")]
    audience: Option<Upper<Audience>>,
}

impl From<LabelingBody> for Labeling {
    fn from(body: LabelingBody) -> Self {
        Self {
            instructions: body.instructions,
            display: body
                .display
                .into_iter()
                .map(|d| DisplayColumn {
                    column: d.column,
                    kind: d.kind.0,
                })
                .collect(),
            external_id_column: body.external_id_column,
            fields: body.fields.into_iter().map(Field::from).collect(),
            answers_per_task: body.answers_per_task,
            reviewers_per_answer: body.reviewers_per_answer,
            reward_points: body.reward_points,
            lock_seconds: body.lock_seconds,
            on_reject: body.on_reject.map(|u| u.0),
            max_rejections: body.max_rejections,
            audience: body.audience.map(|u| u.0),
        }
    }
}

impl From<FieldBody> for Field {
    fn from(f: FieldBody) -> Self {
        let FieldBody {
            name,
            title,
            help,
            kind,
            options,
            required,
            minimum,
            maximum,
            max_length,
        } = f;
        Self {
            name,
            title,
            help,
            kind: kind.0,
            options,
            required,
            minimum: minimum.map(|bound| bound.0),
            maximum: maximum.map(|bound| bound.0),
            max_length,
        }
    }
}

impl From<Labeling> for LabelingBody {
    fn from(labeling: Labeling) -> Self {
        Self {
            instructions: labeling.instructions,
            display: labeling
                .display
                .into_iter()
                .map(|d| DisplayBody {
                    column: d.column,
                    kind: Upper(d.kind),
                })
                .collect(),
            external_id_column: labeling.external_id_column,
            fields: labeling.fields.into_iter().map(FieldBody::from).collect(),
            answers_per_task: labeling.answers_per_task,
            reviewers_per_answer: labeling.reviewers_per_answer,
            reward_points: labeling.reward_points,
            lock_seconds: labeling.lock_seconds,
            on_reject: labeling.on_reject.map(Upper),
            max_rejections: labeling.max_rejections,
            audience: labeling.audience.map(Upper),
        }
    }
}

impl From<Field> for FieldBody {
    fn from(f: Field) -> Self {
        let Field {
            name,
            title,
            help,
            kind,
            options,
            required,
            minimum,
            maximum,
            max_length,
        } = f;
        Self {
            name,
            title,
            help,
            kind: Upper(kind),
            options,
            required,
            minimum: minimum.map(Bound),
            maximum: maximum.map(Bound),
            max_length,
        }
    }
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfVersion {
    /// Labeling version, as answers and exports name it; the one in force when absent.
    version: Option<i32>,
}

/// JSON Schema of an answer to this project.
#[utoipa::path(get, path = "/projects/{id}/answer-schema", tag = "projects", params(("id" = Uuid, Path), OfVersion),
    responses((status = 200, body = Object, content_type = "application/schema+json")))]
pub async fn answer_schema_get(
    State(app): State<App>,
    owner: Owner,
    Path(id): Path<Uuid>,
    Query(query): Query<OfVersion>,
) -> ApiResult<impl IntoResponse> {
    let labeling = app
        .core
        .project_labeling(owner.scope(), ProjectId(id), query.version)
        .await?;
    Ok((
        [(header::CONTENT_TYPE, "application/schema+json")],
        axum::Json(answer_schema(&labeling)),
    ))
}

#[cfg(test)]
mod tests {
    use super::Bound;

    #[test]
    fn a_bound_keeps_its_digits_however_it_is_written() {
        for (json, digits) in [
            ("5", "5"),
            ("-0.1", "-0.1"),
            ("1e3", "1000"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("0.12345678901234567890123", "0.12345678901234567890123"),
            ("\"0.12345678901234567890123\"", "0.12345678901234567890123"),
        ] {
            let bound: Bound = serde_json::from_str(json).unwrap();
            assert_eq!(bound.0.as_str(), digits);
            assert_eq!(serde_json::to_string(&bound).unwrap(), digits);
        }
        for json in ["true", "[1]", "{}", "\"one\"", "\"1,5\"", "\"\""] {
            let refused = serde_json::from_str::<Bound>(json).unwrap_err();
            let told = refused.to_string();
            assert!(told.starts_with("must be a number, and is no"), "{told}");
        }
    }
}
