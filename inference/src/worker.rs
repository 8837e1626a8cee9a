//! The process that reads for this one: started, asked, and replaced when it dies.
//!
//! Files of models and items are somebody else's. Whatever they do to the process that reads them, only the item that it
//! was reading fails.

use std::{
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use datacrowd_job::halt::Halt;
use datacrowd_protocol::{
    model::{ItemFailed, ItemFailure},
    run::RunReason,
};
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    frame::{self, Ask, Found, Load, Loaded, Micros, Reply},
    item::failed,
};

/// Time for reading a model and preparing it.
const LOADING: Duration = Duration::from_mins(2);
/// How often the bytes of a model's file are held while it is prepared.
const COPIES: u64 = 4;

/// What one item may take, and the program that reads it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// This program.
    pub program: PathBuf,
    /// Bytes of memory beside those of the model.
    pub memory: u64,
    /// Time for an item.
    pub item: Duration,
}

/// Why there is no process that reads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    /// The model cannot be used.
    #[error("{0}")]
    Refused(String),
    /// Something else is in the way.
    #[error("{0}")]
    Broken(String),
}

impl From<NotStarted> for Halt {
    fn from(error: NotStarted) -> Self {
        match error {
            NotStarted::Refused(why) => Self::failed(RunReason::InvalidModel, why),
            NotStarted::Broken(why) => Self::TryAgain(why),
        }
    }
}

/// Reads items by a model.
pub struct Worker {
    limits: Limits,
    load: Load,
    memory: u64,
    running: Option<Running>,
}

struct Running {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts the process, which reads the model of so many bytes.
    ///
    /// # Errors
    /// The model cannot be used.
    pub async fn start(
        limits: Limits,
        load: Load,
        model_bytes: u64,
    ) -> Result<(Self, Found), NotStarted> {
        let memory = limits
            .memory
            .saturating_add(model_bytes.saturating_mul(COPIES));
        let mut worker = Self {
            limits,
            load,
            memory,
            running: None,
        };
        let (running, found) = worker.begin().await.map_err(|error| match error {
            NotStarting::Refused(why) => NotStarted::Refused(why),
            NotStarting::Failed(why) => NotStarted::Broken(why),
            NotStarting::Ended(how) => NotStarted::Refused(format!(
                "Reading the model {how}. Export a smaller or simpler one; whoever runs the platform can allow more memory."
            )),
        })?;
        worker.running = Some(running);
        Ok((worker, found))
    }

    /// Process id of the process, while it lives.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref()?.child.id()
    }

    /// What comes of an item. A process that dies or takes too long fails the item, and another one takes the next.
    ///
    /// # Errors
    /// There is no process.
    pub async fn ask(&mut self, ask: &Ask) -> Result<Reply, NotStarted> {
        let mut running = self.alive().await?;
        let failure = match timeout(self.limits.item, running.exchange(ask)).await {
            Ok(Ok(reply)) => {
                self.running = Some(running);
                return Ok(reply);
            }
            Ok(Err(error)) => {
                let how = running.ended().await;
                tracing::warn!(%error, how, "the process that read an item ended");
                crashed(&how)
            }
            Err(_) => {
                running.kill().await;
                tracing::warn!("the process that read an item took too long");
                timed_out(self.limits.item)
            }
        };
        Ok(Reply {
            result: Err(failure),
            micros: Micros::default(),
        })
    }

    /// The process, or another one where it died while nothing was asked.
    async fn alive(&mut self) -> Result<Running, NotStarted> {
        if let Some(mut running) = self.running.take()
            && let Ok(None) = running.child.try_wait()
        {
            return Ok(running);
        }
        // It has read this model before, so whatever happens is not the model's fault.
        let begun = self.begin().await.map_err(|error| match error {
            NotStarting::Refused(why) | NotStarting::Failed(why) => NotStarted::Broken(why),
            NotStarting::Ended(how) => {
                NotStarted::Broken(format!("Reading the model again {how}."))
            }
        });
        begun.map(|(running, _)| running)
    }

    async fn begin(&self) -> Result<(Running, Found), NotStarting> {
        let mut running = self.spawn().map_err(|error| {
            NotStarting::Failed(format!("Cannot start the process that reads: {error}."))
        })?;
        let loading = async {
            frame::send(&mut running.to, &self.load).await?;
            frame::receive::<Loaded>(&mut running.from).await
        };
        match timeout(LOADING, loading).await {
            Ok(Ok(Loaded::Ready(found))) => Ok((running, found)),
            Ok(Ok(Loaded::Refused(why))) => Err(NotStarting::Refused(why)),
            Ok(Err(_)) => Err(NotStarting::Ended(running.ended().await)),
            Err(_) => {
                running.kill().await;
                let seconds = LOADING.as_secs();
                Err(NotStarting::Ended(format!("took longer than {seconds} s")))
            }
        }
    }

    /// It inherits nothing of this process: neither its environment nor its streams.
    fn spawn(&self) -> io::Result<Running> {
        let mut child = Command::new(&self.limits.program)
            .args(["read", "--memory", &self.memory.to_string()])
            .env_clear()
            // A build that counts lines would leave its counts where it runs.
            .env("LLVM_PROFILE_FILE", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let lost = || io::Error::other("its pipes are missing");
        Ok(Running {
            to: child.stdin.take().ok_or_else(lost)?,
            from: BufReader::new(child.stdout.take().ok_or_else(lost)?),
            child,
        })
    }
}

enum NotStarting {
    Refused(String),
    Failed(String),
    Ended(String),
}

impl Running {
    async fn exchange(&mut self, ask: &Ask) -> io::Result<Reply> {
        frame::send(&mut self.to, ask).await?;
        frame::receive(&mut self.from).await
    }

    /// How the process ended, of which the pipes broke.
    async fn ended(mut self) -> String {
        if let Ok(Ok(status)) = timeout(Duration::from_secs(5), self.child.wait()).await {
            return how(status);
        }
        self.kill().await;
        "said nothing that could be understood".to_owned()
    }

    /// Ends the process.
    async fn kill(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::error!(%error, "the process that reads could not be ended");
        }
    }
}

fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    const ABORTED: i32 = 6;
    const KILLED: i32 = 9;
    match (status.signal(), status.code()) {
        (Some(ABORTED | KILLED), _) => "needed more memory than it may take".to_owned(),
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, code) => format!("ended with code {}", code.unwrap_or_default()),
    }
}

fn crashed(how: &str) -> ItemFailed {
    failed(
        ItemFailure::Crashed,
        format!("Reading the item {how}. Convert the file anew, or leave it out."),
    )
}

fn timed_out(most: Duration) -> ItemFailed {
    failed(
        ItemFailure::TimedOut,
        format!(
            "Reading the item took longer than {} s; cut the recording into shorter files, or use a faster model.",
            most.as_secs_f64()
        ),
    )
}
