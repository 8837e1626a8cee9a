//! What a person is told, in the console and by e-mail.

pub mod list;
pub mod read;
pub mod settings;
pub mod unsubscribe;
