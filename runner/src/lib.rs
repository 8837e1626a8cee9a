//! One Kubernetes Job is one run: `generate` cuts a source file into tasks, `export` writes approved
//! answers to a file. The runner talks HTTP to the platform's internal API and to an object store; it
//! knows neither the database nor Kubernetes.

mod archive;
pub mod args;
mod calls;
pub mod cut;
pub mod export;
pub mod folder;
pub mod generate;
pub mod source;
pub mod unpack;

use std::ffi::OsString;

use datacrowd_job::process;
use datacrowd_protocol::endpoint::TenantEndpoints;

use args::{Cli, Command};
use source::Keys;

/// What this program is called: in logs, and towards servers.
pub const NAME: &str = "datacrowd-runner";

/// What only a runner has of its Job: how to read a tenant's own bucket.
#[derive(Clone)]
pub struct Buckets {
    /// Keys of such a bucket, when the pod has some.
    pub keys: Option<Keys>,
    /// Where it may be.
    pub endpoints: TenantEndpoints,
}

/// One pod's work on one run.
pub type Session = datacrowd_job::session::Session<Buckets>;

/// Runs the process; returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> i32 {
    let cli: Cli = match process::parse(args) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let args = cli.command.args();
    process::run(
        NAME,
        &args.run,
        async |session: datacrowd_job::session::Session| {
            let session = session.with(Buckets {
                keys: args::keys_from_env(),
                endpoints: args.tenant_endpoints.clone(),
            });
            match &cli.command {
                Command::Generate(_) => generate::generate(&session).await,
                Command::Export(_) => export::export(&session).await,
            }
        },
    )
}
