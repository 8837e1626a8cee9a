//! What goes through the pipes between this process and the one that reads for it: a length, then JSON.

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use datacrowd_protocol::model::{ItemFailed, ModelInput, ModelOutput, Tensor};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Most bytes of one message: the windows of four hours, with many labels.
const MOST_BYTES: u32 = 256 * 1024 * 1024;

/// The first message: which model to read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// Its file.
    pub file: PathBuf,
    /// What it reads.
    pub input: ModelInput,
    /// What it answers.
    pub output: ModelOutput,
}

/// The answer to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Loaded {
    /// Items may come.
    Ready(Found),
    /// The model cannot be used: a sentence with the remedy.
    Refused(String),
}

/// What a model's file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Found {
    /// Its inputs.
    pub inputs: Vec<Tensor>,
    /// Its outputs.
    pub outputs: Vec<Tensor>,
}

/// An item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Ask {
    /// A recording.
    Audio {
        /// Its file.
        file: PathBuf,
        /// What the client calls it.
        name: String,
        /// How many windows are told at most; of more, neighbours become one.
        windows: usize,
    },
    /// Numbers, in the order of the model's columns.
    Columns(Vec<f64>),
}

/// What came of an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    /// The answer, or why there is none.
    pub result: Result<Answer, ItemFailed>,
    /// How long it took.
    pub micros: Micros,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Probabilities in the order of the model's labels, or one number.
    pub said: Vec<f64>,
    /// Windows in their order, as many as were asked for.
    pub windows: Vec<WindowAnswer>,
}

/// The answer to one window, or to neighbours that became one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowAnswer {
    /// Where it begins.
    pub begin_millis: u64,
    /// Where it ends.
    pub end_millis: u64,
    /// Probabilities in the order of the model's labels, or one number.
    pub said: Vec<f64>,
}

/// Microseconds of each stage.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Micros {
    /// From bytes to samples, or to numbers.
    pub decode: u64,
    /// From samples to what the model reads.
    pub features: u64,
    /// In the model.
    pub infer: u64,
}

/// Writes a message.
///
/// # Errors
/// The other side is gone.
pub fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&packed(message)?)?;
    to.flush()
}

/// Reads a message; none when the other side has nothing more to say.
///
/// # Errors
/// The other side is gone, or says what is no message.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut body = vec![0; checked(length)?];
    from.read_exact(&mut body)?;
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(io::Error::other)
}

/// Writes a message from a process that has other things to do.
///
/// # Errors
/// The other side is gone.
pub async fn send(to: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    to.write_all(&packed(message)?).await?;
    to.flush().await
}

/// Reads a message in a process that has other things to do.
///
/// # Errors
/// The other side is gone, or says what is no message.
pub async fn receive<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length).await?;
    let mut body = vec![0; checked(length)?];
    from.read_exact(&mut body).await?;
    serde_json::from_slice(&body).map_err(io::Error::other)
}

fn packed(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let mut whole = length.to_be_bytes().to_vec();
    whole.extend_from_slice(&body);
    Ok(whole)
}

fn checked(length: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_be_bytes(length);
    if length > MOST_BYTES {
        return Err(io::Error::other("a message is longer than any of ours"));
    }
    usize::try_from(length).map_err(io::Error::other)
}
