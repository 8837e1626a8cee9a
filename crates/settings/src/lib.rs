//! The settings of a program, documented from clap's model of them: what is written is what is parsed. No I/O.

use std::collections::BTreeMap;

use clap::{Arg, Command};
use serde::Serialize;

/// What comes from an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Name of the variable.
    #[serde(skip)]
    pub variable: String,
    /// What it means, without a full stop.
    #[serde(skip)]
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

/// The settings of each command as JSON, for programs: by variable, which default it has and whether it is required.
#[must_use]
pub fn json(commands: &[(String, Vec<Setting>)]) -> String {
    let by_variable = |settings: &Vec<Setting>| {
        let all = settings.iter();
        all.map(|setting| (setting.variable.clone(), setting.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let all: BTreeMap<_, _> = commands
        .iter()
        .map(|(command, settings)| (command, by_variable(settings)))
        .collect();
    let text = serde_json::to_string_pretty(&all).expect("texts and booleans are JSON");
    text + "\n"
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

    use super::{json, settings, table};

    fn command() -> Command {
        Command::new("program")
            .arg(Arg::new("url").env("URL").required(true).help("Where: a|b"))
            .arg(Arg::new("flag").long("flag"))
            .arg(
                Arg::new("seconds")
                    .env("SECONDS")
                    .default_value("15")
                    .help("How long"),
            )
    }

    #[test]
    fn the_table_holds_what_comes_from_the_environment() {
        let expected = "| variable | default | what |\n|---|---|---|\n\
                        | `URL` |  | Where: a\\|b; required |\n\
                        | `SECONDS` | `15` | How long |\n";
        assert_eq!(table(&settings(&command())), expected);
    }

    #[test]
    fn programs_are_told_what_is_required() {
        let text = json(&[("run".to_owned(), settings(&command()))]);
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({"run": {
            "SECONDS": {"default": "15", "required": false},
            "URL": {"default": null, "required": true},
        }});
        assert_eq!(told, expected);
    }
}
