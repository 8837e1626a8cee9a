//! Whether a fit has anything to say that the last one did not: by a digest of all that it is made of, stored beside what it said.
//!
//! The sample is read anyway, and read whole, so no change can be missed and nobody who changes an answer has to note it. What it
//! saves is the fitting and the writing.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{WireEnum as _, ids::ProjectId, labeling::ConsensusMethod};
use sha2::{Digest as _, Sha256};

use super::SkillSample;
use crate::{Labelling, Result};

/// Raised when a fit says something else of the same.
const RULE: u8 = 1;
/// After so long a project is fitted again in any case.
const FITTED_FOR: TimeDelta = TimeDelta::days(1);

/// A digest of what a fit is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeOf([u8; 32]);

/// A digest of rows that come in any order: the sum of theirs. Of SHA-256 nobody finds rows whose sums are alike.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rows([u64; 4]);

impl Rows {
    /// Takes one row of these columns.
    pub(super) fn add(&mut self, columns: &[&[u8]]) {
        let mut row = Sha256::new();
        for column in columns {
            row.update(column.len().to_be_bytes());
            row.update(column);
        }
        let row = row.finalize();
        for (sum, part) in self.0.iter_mut().zip(row.chunks_exact(8)) {
            let part = part.try_into().expect("eight bytes");
            *sum = sum.wrapping_add(u64::from_be_bytes(part));
        }
    }

    /// With what is said of all of them.
    fn with(self, told: &[&[u8]]) -> MadeOf {
        let mut all = Self::default();
        let rows: Vec<_> = self.0.iter().flat_map(|part| part.to_be_bytes()).collect();
        all.add(&[told, &[&rows, &[RULE]]].concat());
        let mut digest = [0; 32];
        for (to, part) in digest.chunks_exact_mut(8).zip(all.0) {
            to.copy_from_slice(&part.to_be_bytes());
        }
        MadeOf(digest)
    }
}

/// How a sample is to be fitted, in bytes.
pub(super) fn told(method: ConsensusMethod, options: usize, qualifies: bool) -> String {
    format!("{} {options} {qualifies}", method.upper())
}

impl Labelling {
    /// What a fit of this sample is made of: its answers and decisions, gold, what the project asks of workers, and whom it lets in
    /// again or keeps out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fit_made_of(
        &self,
        project: ProjectId,
        sample: Option<&SkillSample>,
    ) -> Result<MadeOf> {
        // Whom a fit itself has blocked is left out: it would be another fit's only news.
        let beside = sqlx::query_scalar!(
            "select jsonb_build_array(p.qualification_action, p.qualification_min_skill, p.qualification_min_gold,
                 least(p.gold_onboarding, (select count(*) from gold_items i where i.project_id = p.id and i.retired_at is null)),
                 (select jsonb_agg(jsonb_build_array(g.user_id, g.correct, g.total) order by g.user_id) from (
                      select a.user_id, count(*) filter (where a.correct) as correct, count(*) as total
                      from gold_answers a join gold_draws g on g.id = a.draw_id join gold_items i on i.id = g.item_id and i.retired_at is null
                      where a.project_id = p.id and a.status in ('in_review', 'approved') group by a.user_id) g),
                 (select jsonb_agg(q.user_id order by q.user_id) from worker_qualifications q where q.project_id = p.id and q.lifted),
                 (select jsonb_agg(w.user_id order by w.user_id) from project_workers w
                  where w.project_id = p.id and w.standing = 'blocked'
                    and not exists (select from worker_qualifications q where q.project_id = p.id and q.user_id = w.user_id and not q.lifted)))::text as \"beside!\"
             from projects p where p.id = $1",
            project.0
        )
        .fetch_one(&self.calls)
        .await?;
        let (rows, told) = sample.map_or_else(Default::default, SkillSample::digested);
        Ok(rows.with(&[told.as_bytes(), beside.as_bytes()]))
    }

    /// Whether the last fit of a project was made of the same, not long ago, and all was done that followed from it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fit_stands(
        &self,
        project: ProjectId,
        made_of: MadeOf,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let stands = sqlx::query_scalar!(
            "select exists (select from fits where project_id = $1 and made_of = $2 and fitted_at > $3) as \"stands!\"",
            project.0,
            &made_of.0[..],
            now - FITTED_FOR
        )
        .fetch_one(&self.calls)
        .await?;
        Ok(stands)
    }

    /// Says of the fit that was put `now` what it was made of, once all is done that follows from it. Of a fit that another one has
    /// replaced since, nothing is said.
    ///
    /// # Errors
    /// The database failed; then the project is fitted again.
    pub async fn fit_done(
        &self,
        project: ProjectId,
        made_of: MadeOf,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query!(
            "update fits set made_of = $2 where project_id = $1 and fitted_at = $3",
            project.0,
            &made_of.0[..],
            now
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_same_in_any_order_and_other_ones_are_not() {
        let of = |rows: &[[&str; 2]]| {
            let mut digest = Rows::default();
            for [one, other] in rows {
                digest.add(&[one.as_bytes(), other.as_bytes()]);
            }
            digest.with(&[b"told"])
        };
        let rows = [["1", "a"], ["2", "b"], ["3", "a"]];
        let turned = [["3", "a"], ["1", "a"], ["2", "b"]];
        assert_eq!(of(&rows), of(&turned));
        let others: [&[[&str; 2]]; 4] = [
            &[["1", "b"], ["2", "a"], ["3", "a"]],
            &[["1", "a"], ["2", "b"]],
            &[["1", "a"], ["2", "b"], ["", "3a"]],
            &[],
        ];
        for other in others {
            assert_ne!(of(other), of(&rows), "{other:?}");
        }
        assert_ne!(
            Rows::default().with(&[b"a", b"b"]),
            Rows::default().with(&[b"ab"])
        );
    }
}
