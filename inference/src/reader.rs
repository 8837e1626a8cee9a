//! The process that reads what others made: a model's file, and items. It is told so by messages on its standard input, and
//! whatever it meets may end it: the process that started it goes on.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use datacrowd_protocol::{
    exit,
    model::{AudioInput, ItemFailed, ItemFailure, ModelInput, WindowsMerge},
};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::{
    args::ReadArgs,
    audio::{self, Clock, LogMelMaker},
    frame::{self, Answer, Ask, Load, Loaded, Micros, Reply},
    item::failed,
    merge::{Merge, number, probabilities},
    model::{Model, Refused},
    timeline::Timeline,
};

/// Reads until nothing more is asked; returns the exit code.
pub(crate) fn run(args: &ReadArgs) -> i32 {
    match limit(args.memory)
        .map_err(io::Error::from)
        .and_then(|()| serve())
    {
        Ok(()) => exit::DONE,
        Err(_) => exit::TRY_AGAIN,
    }
}

/// No more memory than that, no file written, no image of the memory left behind.
fn limit(memory: u64) -> rustix::io::Result<()> {
    let most = |most| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(Resource::As, most(memory))?;
    setrlimit(Resource::Fsize, most(0))?;
    setrlimit(Resource::Core, most(0))
}

fn serve() -> io::Result<()> {
    let (mut from, mut to) = (BufReader::new(io::stdin().lock()), io::stdout().lock());
    let Some(load) = frame::read::<Load>(&mut from)? else {
        return Ok(());
    };
    let mut reading = match Reading::of(&load) {
        Ok((reading, found)) => {
            frame::write(&mut to, &Loaded::Ready(found))?;
            reading
        }
        Err(Refused(why)) => return frame::write(&mut to, &Loaded::Refused(why)),
    };
    while let Some(ask) = frame::read::<Ask>(&mut from)? {
        frame::write(&mut to, &reading.reply(ask))?;
    }
    Ok(())
}

/// A model, and how items become its input.
struct Reading {
    model: Model,
    audio: Option<AudioInput>,
    log_mel: Option<LogMelMaker>,
    windows: WindowsMerge,
}

impl Reading {
    fn of(load: &Load) -> Result<(Self, frame::Found), Refused> {
        let mut bytes = Vec::new();
        File::open(&load.file)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|error| {
                Refused(format!(
                    "The model's file cannot be read ({error}); try again."
                ))
            })?;
        let (model, found) = Model::load(&bytes, &load.input, &load.output)?;
        let reading = Self {
            model,
            audio: load.input.audio,
            log_mel: log_mel(&load.input),
            windows: load.output.windows(),
        };
        Ok((reading, found))
    }

    fn reply(&mut self, ask: Ask) -> Reply {
        let mut micros = Micros::default();
        let result = match ask {
            Ask::Columns(numbers) => self.columns(&numbers, &mut micros),
            Ask::Audio {
                file,
                name,
                windows,
            } => File::open(file)
                .map_err(|error| {
                    let why = format!("The file cannot be read ({error}); try again.");
                    failed(ItemFailure::Undecodable, why)
                })
                .and_then(|file| self.recording(file, &name, windows, &mut micros)),
        };
        Reply { result, micros }
    }

    fn columns(&self, numbers: &[f64], micros: &mut Micros) -> Result<Answer, ItemFailed> {
        #[expect(clippy::cast_possible_truncation, reason = "models read 32 bits")]
        let numbers: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
        let mut clock = Clock::default();
        let answer = clock.measure(|| answer(&self.model, &numbers));
        micros.infer = clock.0;
        Ok(Answer {
            said: answer?,
            windows: Vec::new(),
        })
    }

    fn recording(
        &mut self,
        file: File,
        name: &str,
        windows: usize,
        micros: &mut Micros,
    ) -> Result<Answer, ItemFailed> {
        let none = || {
            failed(
                ItemFailure::NoAnswer,
                "The model reads columns; give it no recording.",
            )
        };
        let audio = self.audio.ok_or_else(none)?;
        let (mut features, mut infer) = (Clock::default(), Clock::default());
        let mut merge = Merge::new(self.windows);
        let (mut timeline, mut numbers) = (Timeline::new(self.windows, windows), Vec::new());
        let Self { model, log_mel, .. } = self;
        micros.decode = audio::read(file, name, &audio, |begin, samples| {
            let input = match log_mel {
                Some(maker) => {
                    features.measure(|| maker.make(samples, &mut numbers));
                    &numbers[..]
                }
                None => samples,
            };
            let said = infer.measure(|| answer(model, input))?;
            merge.add(&said);
            timeline.add(begin..begin + samples.len() as u64, &said);
            Ok(())
        })?;
        (micros.features, micros.infer) = (features.0, infer.0);
        let no_window = || {
            failed(
                ItemFailure::Empty,
                "There is no sound in the file; upload the recording again.",
            )
        };
        Ok(Answer {
            said: merge.merged().ok_or_else(no_window)?,
            windows: timeline.told(&audio),
        })
    }
}

fn log_mel(input: &ModelInput) -> Option<LogMelMaker> {
    let audio = input.audio.as_ref()?;
    let mel = audio.log_mel.as_ref()?;
    Some(LogMelMaker::new(mel, audio.sample_rate_hz, audio.window()))
}

fn answer(model: &Model, numbers: &[f32]) -> Result<Vec<f64>, ItemFailed> {
    let said = model.run(numbers).map_err(|error| {
        let why = format!("The model cannot be run on this item: {error}. Look at the item, or export the model anew.");
        failed(ItemFailure::NoAnswer, why)
    })?;
    if model.says_number() {
        return number(said).map_err(|why| {
            let why = format!(
                "The model {why}. Look at the item, or export the model with one number as its output."
            );
            failed(ItemFailure::NoAnswer, why)
        });
    }
    probabilities(said, model.labels()).map_err(|why| {
        let why = format!(
            "The model {why}; export it with probabilities as its output, as softmax gives them."
        );
        failed(ItemFailure::NoAnswer, why)
    })
}
