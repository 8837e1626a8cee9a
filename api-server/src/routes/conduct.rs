//! Who rejects much, and whose answers are rejected much: an ADMIN looks where labour might be had for nothing.

pub mod rejections;
pub mod reviewers;

/// A part of a whole, 0 to 1; none of nothing.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share of more than 2^53 answers may be a little off"
)]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
