//! What a person is told, in the console, by e-mail and in Telegram.

pub mod list;
pub mod read;
pub mod settings;
pub mod telegram;
pub mod unsubscribe;
