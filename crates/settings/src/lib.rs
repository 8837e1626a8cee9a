//! The settings of a program, documented from clap's model of them: what is written is what is parsed. No I/O.

use clap::{Arg, Command};

/// What comes from an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Name of the variable.
    pub variable: String,
    /// What it means, without a full stop.
    pub help: String,
    /// What holds when it is not set.
    pub default: Option<String>,
    /// Whether the program refuses to run without it.
    pub required: bool,
}

impl Setting {
    fn of(argument: &Arg) -> Option<Self> {
        let variable = argument.get_env()?.to_str()?.to_owned();
        let help = argument.get_help().map(ToString::to_string);
        let default = argument.get_default_values().first();
        Some(Self {
            variable,
            help: help.unwrap_or_default(),
            default: default.and_then(|value| Some(value.to_str()?.to_owned())),
            required: argument.is_required_set(),
        })
    }
}

/// Every setting of a command, in the order in which it declares them.
#[must_use]
pub fn settings(command: &Command) -> Vec<Setting> {
    command.get_arguments().filter_map(Setting::of).collect()
}

/// Settings as a table of Markdown.
#[must_use]
pub fn table(settings: &[Setting]) -> String {
    let mut text = "| variable | default | what |\n|---|---|---|\n".to_owned();
    for setting in settings {
        let default = setting.default.as_ref();
        let default = default.map_or_else(String::new, |default| format!("`{default}`"));
        let required = if setting.required { "; required" } else { "" };
        let help = setting.help.replace('|', "\\|");
        text += &format!(
            "| `{}` | {default} | {help}{required} |\n",
            setting.variable
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::{settings, table};

    #[test]
    fn the_table_holds_what_comes_from_the_environment() {
        let command = Command::new("program")
            .arg(Arg::new("url").env("URL").required(true).help("Where: a|b"))
            .arg(Arg::new("flag").long("flag"))
            .arg(
                Arg::new("seconds")
                    .env("SECONDS")
                    .default_value("15")
                    .help("How long"),
            );
        let expected = "| variable | default | what |\n|---|---|---|\n\
                        | `URL` |  | Where: a\\|b; required |\n\
                        | `SECONDS` | `15` | How long |\n";
        assert_eq!(table(&settings(&command)), expected);
    }
}
