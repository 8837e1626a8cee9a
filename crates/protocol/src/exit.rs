//! The runner's exit codes: the contract between the runner and the Job's `podFailurePolicy`.
//!
//! Values follow `sysexits.h` where one fits. Permanent codes fail the Job at once; every other
//! non-zero code counts against `backoffLimit` and is tried again.

/// The run reached its end, or was already at its end.
pub const DONE: i32 = 0;
/// The source cannot be read as the format it claims, or has too many invalid rows (`EX_USAGE`).
pub const BAD_INPUT: i32 = 64;
/// The dataset, the export or the source object no longer exists (`EX_NOINPUT`).
pub const GONE: i32 = 66;
/// The project's quota is used up (`EX_UNAVAILABLE`).
pub const QUOTA: i32 = 69;
/// The platform is out of reach or another pod holds the run; a later try may succeed (`EX_TEMPFAIL`).
pub const TRY_AGAIN: i32 = 75;
/// Credentials were refused (`EX_NOPERM`).
pub const FORBIDDEN: i32 = 77;
/// The pod was started with unusable settings (`EX_CONFIG`).
pub const MISCONFIGURED: i32 = 78;

/// The codes that end a Job at once, in ascending order, as the API server stores them.
pub const PERMANENT: [i32; 5] = [BAD_INPUT, GONE, QUOTA, FORBIDDEN, MISCONFIGURED];
