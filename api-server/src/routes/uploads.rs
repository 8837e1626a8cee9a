//! Uploads of many files: a folder is begun, files are put into it one by one, and a dataset names it.

pub mod create;
pub mod file;
