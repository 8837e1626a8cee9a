//! A row of a context's `events`, member by member.

use datacrowd_outbox::Happened;
use uuid::Uuid;

use super::Untold;

/// A row, read.
pub(super) struct Row<'a>(pub(super) &'a Happened);

impl Row<'_> {
    pub(super) fn missing(&self, missing: &'static str) -> Untold {
        Untold {
            kind: self.0.kind.clone(),
            subject: self.0.subject.clone(),
            missing,
        }
    }

    pub(super) fn text(&self, member: &'static str) -> Result<&str, Untold> {
        self.0.data[member]
            .as_str()
            .ok_or_else(|| self.missing(member))
    }

    pub(super) fn number(&self, member: &'static str) -> Result<i64, Untold> {
        self.0.data[member]
            .as_i64()
            .ok_or_else(|| self.missing(member))
    }

    pub(super) fn id(&self, member: &'static str) -> Result<Uuid, Untold> {
        let id = self.text(member)?.parse();
        id.map_err(|_| self.missing(member))
    }

    pub(super) fn project_id(&self) -> Result<Uuid, Untold> {
        self.0.project.ok_or_else(|| self.missing("project"))
    }

    /// The subject, where it is a UUID.
    pub(super) fn uuid(&self) -> Result<Uuid, Untold> {
        let id = self.0.subject.parse();
        id.map_err(|_| self.missing("subject"))
    }

    /// The subject, where it is a number.
    pub(super) fn row(&self) -> Result<i64, Untold> {
        let id = self.0.subject.parse();
        id.map_err(|_| self.missing("subject"))
    }

    pub(super) fn name(&self) -> Result<String, Untold> {
        self.text("name").map(ToOwned::to_owned)
    }

    pub(super) fn upper(&self, member: &'static str) -> Option<String> {
        self.0.data[member].as_str().map(str::to_uppercase)
    }
}
