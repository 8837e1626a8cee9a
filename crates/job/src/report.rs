//! What a run leaves behind when the process ends: one log line and the termination message.

use std::{fs::OpenOptions, io::Write as _, path::Path};

use crate::halt::End;

/// Logs the end once.
pub fn log(end: &End) {
    let exit_code = end.exit_code();
    match end {
        End::Done(counts) => tracing::info!(
            exit_code,
            rows = counts.rows,
            rejected = counts.rejected,
            "run succeeded"
        ),
        End::AlreadyDone => tracing::info!(exit_code, "the run had ended before"),
        End::Halted(halt, counts) => tracing::error!(
            exit_code,
            rows = counts.rows,
            rejected = counts.rejected,
            error = %halt,
            "run halted"
        ),
    }
}

/// Writes the termination message. Only Kubernetes makes the file, so outside of it there is none.
pub fn leave(end: &End, file: &Path) {
    let Some(message) = end.termination() else {
        return;
    };
    let written = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(file)
        .and_then(|mut file| {
            file.write_all(&serde_json::to_vec(&message).map_err(std::io::Error::other)?)
        });
    if let Err(error) = written {
        tracing::debug!(file = %file.display(), %error, "no termination message");
    }
}
