//! Trained models at work. One Kubernetes Job is one run: `inspect` looks at a model's file, `predict` has it answer the
//! items of a dataset. `serve` keeps it loaded for items that arrive one at a time. `try` does the same with files of this machine, without a platform.
//!
//! A file of a model or of an item is somebody else's: it is read in a child process with limits, never in this one.

pub mod args;
pub mod audio;
mod calls;
mod cells;
pub mod fetch;
pub mod frame;
mod inspect;
mod item;
mod local;
pub mod merge;
pub mod model;
mod predict;
mod reader;
mod serve;
mod timeline;
mod word;
pub mod worker;

use std::ffi::OsString;

use datacrowd_job::process;

use args::{Cli, Command};
use worker::Limits;

pub use inspect::inspect;
pub use predict::predict;
pub use serve::serve;

/// What this program is called: in logs, and towards servers.
pub const NAME: &str = "datacrowd-inference";

/// One pod's work on one run.
pub type Session = datacrowd_job::session::Session<Limits>;

/// Runs the process; returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let cli: Cli = match process::parse(args) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match cli.command {
        Command::Inspect(args) => process::run(NAME, &args.run, async |session| {
            inspect(&session.with(args.limits.limits())).await
        }),
        Command::Predict(args) => process::run(NAME, &args.run, async |session| {
            predict(&session.with(args.limits.limits())).await
        }),
        Command::Serve(args) => {
            let model = args.model_id;
            process::keep(NAME, &args.kept(), async |session| {
                serve(&session.with(args.limits.limits()), model).await
            })
        }
        Command::Try(args) => local::run(&args),
        Command::Read(args) => reader::run(&args),
    }
}
