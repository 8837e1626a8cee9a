//! Uploads of many files: a folder is begun, files are put into it one by one, and a dataset names it. A large file may come
//! in several requests.

pub mod create;
pub mod file;
mod object;
pub mod resumable;
