//! The labeling model in REST's spelling: the same members as in the resource, enumerations in UPPER_SNAKE.

mod bound;

use datacrowd_protocol::{
    Upper,
    labeling::{
        Audience, Consensus, ConsensusMethod, DataType, DisplayColumn, Field, FieldType, Gold,
        Labeling, OnReject, Qualification, QualificationAction,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::bound::Bound;

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

/// How the answers to a task become one label.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsensusBody {
    /// The question whose answers become one: SINGLE_CHOICE or BOOLEAN.
    #[schema(example = "sentiment")]
    field: String,
    /// MAJORITY_VOTE, WAWA, ZERO_BASED_SKILL, DAWID_SKENE or ONE_COIN_DAWID_SKENE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "MAJORITY_VOTE")]
    method: Option<Upper<ConsensusMethod>>,
    /// Workers per task at least, 1 to 25, in place of answersPerTask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    min_answers: Option<i32>,
    /// Workers per task at most, 1 to 25, while the label is less sure than confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    max_answers: Option<i32>,
    /// How probable a label must be to need no further answer, between 0 and 1: a text, or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.95")]
    confidence: Option<Bound>,
}

/// How good workers have to be.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QualificationBody {
    /// The least share of right answers, between 0 and 1: missed by whose skill is surely below it.
    #[schema(example = "0.6")]
    min_skill: Bound,
    /// WARN, REVIEW or BLOCK; WARN when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "BLOCK")]
    action: Option<Upper<QualificationAction>>,
    /// How many answers to gold a worker has to have given before anything is done about them; then only gold counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 10)]
    min_gold: Option<i32>,
}

/// How often workers are given tasks whose right answer is known.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoldMixBody {
    /// So many of a worker's first tasks, 0 to 100; what they get wrong of these is explained to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    onboarding: Option<i32>,
    /// After that one task in so many on average, 2 to 1000; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 20)]
    every: Option<i32>,
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
    /// How each task gets one label in exports of tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    consensus: Option<ConsensusBody>,
    /// How good workers have to be, and what is done about those who are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    qualification: Option<QualificationBody>,
    /// How often workers are given tasks whose right answer is known; workers are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gold: Option<GoldMixBody>,
}

impl LabelingBody {
    /// Without what a worker is not to know.
    pub fn for_workers(labeling: Labeling) -> Self {
        Self {
            gold: None,
            ..labeling.into()
        }
    }
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
            consensus: body.consensus.map(|c| Consensus {
                field: c.field,
                method: c.method.map(|u| u.0),
                min_answers: c.min_answers,
                max_answers: c.max_answers,
                confidence: c.confidence.map(|bound| bound.0),
            }),
            qualification: body.qualification.map(|q| Qualification {
                min_skill: q.min_skill.0,
                action: q.action.map(|u| u.0),
                min_gold: q.min_gold,
            }),
            gold: body.gold.map(|g| Gold {
                onboarding: g.onboarding,
                every: g.every,
            }),
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
            consensus: labeling.consensus.map(|c| ConsensusBody {
                field: c.field,
                method: c.method.map(Upper),
                min_answers: c.min_answers,
                max_answers: c.max_answers,
                confidence: c.confidence.map(Bound),
            }),
            qualification: labeling.qualification.map(|q| QualificationBody {
                min_skill: Bound(q.min_skill),
                action: q.action.map(Upper),
                min_gold: q.min_gold,
            }),
            gold: labeling.gold.map(|g| GoldMixBody {
                onboarding: g.onboarding,
                every: g.every,
            }),
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
