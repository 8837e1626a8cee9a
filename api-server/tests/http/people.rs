//! People are told of what concerns them: in the console, by e-mail through a real mail server, and in Telegram.

mod console;
mod mail;
mod support;
mod telegram;
mod way;
