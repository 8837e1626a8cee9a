//! Where a Dataset's rows come from, and what of it fits together.

use datacrowd_protocol::{
    files::{Companions, Patterns, Selection},
    source::{Delimiter, Encoding, InboxCrowd, InboxRule, SourceFormat, is_archive},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a Dataset's rows come from.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// `s3://bucket/key`, or `s3://bucket/folder/` with a slash at its end, or a `.zip`. In the platform's bucket the key begins with the
    /// namespace's name. Absent with the format Inbox only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 8, max = 1100), regex(pattern = r"^s3://[^/]+/.+$"))]
    pub uri: String,
    /// How rows are separated, or Files for a folder or a zip; from the end of the URI when absent. Inbox: there is nothing to read, items
    /// arrive by REST, and a Model of the Project with `replicas` answers each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<SourceFormat>,
    /// What separates the cells of a CSV; Comma when absent. A first line `sep=;` is honoured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<Delimiter>,
    /// How characters are written; Utf8 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// True: quoted cells may span more than 100 lines and 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiline: Option<bool>,
    /// Of a folder: only files that one of these patterns matches, such as `*.wav` (a name in any folder) or `2026/**`. All when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub include: Vec<String>,
    /// Of a folder: no file that one of these patterns matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub exclude: Vec<String>,
    /// Of a folder: SameStem makes columns of the `.json` and the `.txt` that lie beside a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companions: Option<Companions>,
    /// Of an Inbox: which of its items people are asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<Inbox>,
    /// Secret of the same namespace with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, for a bucket of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
}

impl Source {
    /// What it is, and for a folder which of its files are rows.
    ///
    /// # Errors
    /// A sentence, without its stop, that says what to write instead.
    pub fn kind(&self) -> Result<(SourceFormat, Option<Selection>), String> {
        let format = SourceFormat::of(self.format, &self.uri)?;
        let selection = Selection {
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            companions: self.companions,
        };
        if format == SourceFormat::Inbox {
            return self.inbox(&selection).map(|()| (format, None));
        }
        if self.inbox.is_some() {
            return Err(
                "source.inbox belongs to the format Inbox; remove it, or set source.format to Inbox"
                    .to_owned(),
            );
        }
        let is_folder = format == SourceFormat::Files;
        let written =
            self.delimiter.is_some() || self.encoding.is_some() || self.multiline.is_some();
        match () {
            () if is_folder && written => Err(
                "source.delimiter, source.encoding and source.multiline say how a file of rows is written; remove them for a folder".to_owned(),
            ),
            () if !is_folder && selection != Selection::default() => Err(
                "source.include, source.exclude and source.companions belong to a folder; remove them, or end source.uri in /".to_owned(),
            ),
            () if is_archive(&self.uri) && self.credentials_secret_ref.is_some() => Err(
                "A zip is unpacked in the platform's bucket only; put it there and leave source.credentialsSecretRef out".to_owned(),
            ),
            () if is_folder => {
                let _: Patterns = selection.patterns().map_err(|why| why.to_string())?;
                Ok((format, Some(selection)))
            }
            () => Ok((format, None)),
        }
    }

    /// Whether nothing is said of an inbox that only a file or a folder has.
    fn inbox(&self, selection: &Selection) -> Result<(), String> {
        let said = [
            ("delimiter", self.delimiter.is_some()),
            ("encoding", self.encoding.is_some()),
            ("multiline", self.multiline.is_some()),
            ("include", !selection.include.is_empty()),
            ("exclude", !selection.exclude.is_empty()),
            ("companions", selection.companions.is_some()),
            (
                "credentialsSecretRef",
                self.credentials_secret_ref.is_some(),
            ),
        ];
        match said.into_iter().find(|(_, is_said)| *is_said) {
            Some((member, _)) => Err(format!(
                "source.{member} says how a file or folder is read, and an Inbox has none; remove it"
            )),
            None => match self.inbox.clone().unwrap_or_default().rule() {
                Ok(_) => Ok(()),
                Err((member, why)) => Err(format!("source.inbox.{member} {why}")),
            },
        }
    }
}

/// Which items of an Inbox people are asked about.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    /// Whether people are asked, too. Never: no place of a worker opens, and nothing is charged. Uncertain: about what a model is less sure of
    /// than `askBelow`, what it cannot read, and what waits for longer than `holdSeconds`. Always: about every item, at once. An item that
    /// people are asked about costs as one of any other Dataset. Never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowd: Option<InboxCrowd>,
    /// With Uncertain, where it is required: the probability of a model's label below which people are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ask_below: Option<f64>,
    /// With Uncertain: for how many seconds an item waits for its models before people are asked; 300 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub hold_seconds: Option<i32>,
}

impl Inbox {
    /// What is said, made whole.
    ///
    /// # Errors
    /// The member at fault, and a sentence without its subject and stop.
    pub fn rule(&self) -> Result<InboxRule, (&'static str, &'static str)> {
        InboxRule::of(self.crowd, self.ask_below, self.hold_seconds)
    }
}

impl From<InboxRule> for Inbox {
    fn from(rule: InboxRule) -> Self {
        Self {
            crowd: Some(rule.crowd),
            ask_below: rule.ask_below,
            hold_seconds: rule.hold_seconds,
        }
    }
}

/// Names a Secret of the same namespace.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}
