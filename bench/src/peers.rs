//! Other platforms and a job queue beside ours, in one run: `bench/peers` starts them, this measures them.
//!
//! The systems take turns: every round measures each of them with so many clients before any of them is measured again, so that what
//! else the machine does meets them all.

mod api;
mod doccano;
mod items;
mod label_studio;
mod ours;
mod queue;
mod system;
mod table;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use futures::future::try_join_all;

use self::{
    api::Api,
    doccano::Doccano,
    label_studio::LabelStudio,
    ours::Ours,
    system::{Imported, Place, System},
    table::{FileTable, LoopTable, Round},
};
use crate::{claim::say, process::cpu_seconds};

/// Whom to measure, how often and for how long.
#[derive(Debug, Args)]
pub struct Peers {
    /// Address of Label Studio.
    #[arg(long)]
    label_studio: String,
    /// Tokens of its users, one a line: the administrator's, then the workers'.
    #[arg(long)]
    label_studio_tokens: PathBuf,
    /// Address of doccano.
    #[arg(long)]
    doccano: String,
    /// Tokens of its users, likewise.
    #[arg(long)]
    doccano_tokens: PathBuf,
    /// The script that works with graphile-worker; its database is in DATABASE_URL.
    #[arg(long)]
    queue: PathBuf,
    /// Clients at once.
    #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
    clients: Vec<usize>,
    /// Length of each measurement of loops; it ends earlier when four fifths of the items are answered.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often everything is measured.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// Items of an import and of an export. The first is the size of the projects in which the clients work.
    #[arg(long, value_delimiter = ',', default_value = "10000")]
    items: Vec<usize>,
    /// Where our server's log goes.
    #[arg(long, default_value = ".dev/bench.log")]
    log: PathBuf,
}

/// What is measured, and what came out so far.
struct Measurement {
    systems: Vec<Arc<dyn System>>,
    loops: LoopTable,
    files: FileTable,
}

impl Peers {
    pub async fn run(self) -> Result<()> {
        let workers = self.clients.iter().copied().max().unwrap_or(1);
        // First, because it connects to Kubernetes, which chooses the crypto provider that every HTTP client asks for.
        let ours = Ours::start(&self.log, workers).await?;
        let label_studio = Api::new(&self.label_studio, &self.label_studio_tokens)?;
        let doccano = Api::new(&self.doccano, &self.doccano_tokens)?;
        let mut all = Measurement {
            systems: vec![
                Arc::new(ours),
                Arc::new(LabelStudio(label_studio)),
                Arc::new(Doccano::new(doccano, workers)),
            ],
            loops: LoopTable::default(),
            files: FileTable::default(),
        };
        self.warm_up(&all.systems, workers).await?;
        for round in 1..=self.rounds {
            for &clients in &self.clients {
                eprintln!("round {round}, {clients} clients");
                self.loops(&mut all, clients).await?;
            }
        }
        self.exports(&mut all).await?;
        let mut names: Vec<_> = all.systems.iter().map(|s| s.name()).collect();
        names.push("graphile-worker");
        for line in table::loops(&names, all.loops) {
            say(&line)?;
        }
        say("")?;
        for line in table::files(&names, &all.files) {
            say(&line)?;
        }
        Ok(())
    }

    /// Unmeasured turns, so that every process of a server has loaded what it takes.
    async fn warm_up(&self, systems: &[Arc<dyn System>], clients: usize) -> Result<()> {
        for system in systems {
            let project = system.import(1000).await?.project;
            self.turns(system, &project, clients, 1000).await?;
        }
        Ok(())
    }

    /// Each system once, with so many clients in a project of its own.
    async fn loops(&self, all: &mut Measurement, clients: usize) -> Result<()> {
        let Some(&items) = self.items.first() else {
            return Ok(());
        };
        for (at, system) in all.systems.iter().enumerate() {
            system.prepare().await?;
            let Imported { project, took } = system.import(items).await?;
            let files = all.files.entry((items, at)).or_default();
            files.import.push(took.as_secs_f64());
            let round = self.turns(system, &project, clients, items).await?;
            all.loops.entry((clients, at)).or_default().add(round);
        }
        let worked = queue::work(&self.queue, items, clients, self.seconds).await?;
        let at = all.systems.len();
        let files = all.files.entry((items, at)).or_default();
        files.import.push(worked.added);
        let mut round = Round {
            loops: worked.loops,
            took: Duration::from_secs_f64(worked.took),
            cpu_seconds: f64::NAN, // it is its own client
            ..Round::default()
        };
        worked.next().for_each(|next| round.next.add(next));
        all.loops.entry((clients, at)).or_default().add(round);
        Ok(())
    }

    async fn turns(
        &self,
        system: &Arc<dyn System>,
        project: &str,
        clients: usize,
        items: usize,
    ) -> Result<Round> {
        let own = std::process::id();
        let share = items * 4 / 5 / clients;
        let begun = Instant::now();
        let until = begun + Duration::from_secs(self.seconds);
        let before = cpu_seconds(own)?;
        let workers = (0..clients).map(|worker| {
            let first = worker * items / clients;
            let (system, project) = (system.clone(), project.to_owned());
            tokio::spawn(async move {
                let mut seen = Round::default();
                while Instant::now() < until && seen.loops < share {
                    let step = seen.loops;
                    let place = Place {
                        worker,
                        first,
                        step,
                    };
                    let turn = system.turn(&project, place).await?;
                    seen.loops += 1;
                    seen.next.add(turn.next);
                    seen.submit.add(turn.submit);
                }
                anyhow::Ok(seen)
            })
        });
        let mut all = Round::default();
        for seen in try_join_all(workers).await? {
            let seen = seen?;
            all.loops += seen.loops;
            all.next.merge(seen.next);
            all.submit.merge(seen.submit);
        }
        all.took = begun.elapsed();
        all.cpu_seconds = cpu_seconds(own)? - before;
        Ok(all)
    }

    /// Answered projects of each size exported, and the larger imports.
    async fn exports(&self, all: &mut Measurement) -> Result<()> {
        for (larger, &items) in self.items.iter().enumerate() {
            eprintln!("files of {items} items");
            let mut projects = Vec::with_capacity(all.systems.len());
            for system in &all.systems {
                system.prepare().await?;
                projects.push(system.answered(items).await?);
            }
            for _ in 0..self.rounds {
                for (at, system) in all.systems.iter().enumerate() {
                    system.prepare().await?;
                    let files = all.files.entry((items, at)).or_default();
                    if larger > 0 {
                        let imported = system.import(items).await?;
                        files.import.push(imported.took.as_secs_f64());
                    }
                    let took = system.export(&projects[at], items).await?;
                    files.export.push(took.as_secs_f64());
                }
            }
        }
        Ok(())
    }
}
