//! People are told of what concerns them: in the console, and by e-mail through a real mail server.

mod console;
mod mail;
mod support;
