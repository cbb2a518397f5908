//! `runner man`: manual pages, made from the arguments themselves.
//!
//! Owns the order of sections, and that examples keep their lines.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use crate::cli::args::{Cli, ManArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare;
use crate::store::write_atomic;

pub(super) fn man(args: &ManArgs, console: &mut Console) -> Result<Exit, CliError> {
    let pages = pages();
    let Some(folder) = &args.dir else {
        console.data(pages[0].1.trim_end());
        return Ok(Exit::Success);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        let message = format!("the folder `{}` cannot be made", folder.display());
        CliError::new(Exit::Usage, message).because(error)
    })?;
    for (name, page) in &pages {
        write_atomic(&folder.join(name), page.as_bytes()).map_err(prepare::store_error)?;
    }
    console.say(format!("{} pages in {}", pages.len(), folder.display()));
    Ok(Exit::Success)
}

/// File name and text of every page, that of the program first.
fn pages() -> Vec<(String, String)> {
    let mut program = Cli::command();
    program.build();
    let commands = program.get_subcommands();
    let commands = commands.filter(|command| command.get_name() != "help");
    std::iter::once(&program)
        .chain(commands)
        .map(|command| {
            let name = command.get_display_name().unwrap_or("runner");
            let page = page(command).expect("writing to memory cannot fail");
            (format!("{name}.1"), page)
        })
        .collect()
}

fn page(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone()).manual("runner").date("");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut page = String::from_utf8_lossy(&page).into_owned();
    if let Some(after) = command.get_after_help() {
        page.push_str(&examples(&after.to_string()));
    }
    Ok(page)
}

/// The words at the end of a help: indented lines stay lines, the rest is text.
fn examples(text: &str) -> String {
    let mut page = ".SH EXAMPLES\n".to_owned();
    let mut is_code = false;
    for line in text
        .lines()
        .filter(|line| !matches!(*line, "Examples:" | "Example:"))
    {
        let indented = line.starts_with("  ");
        match (is_code, indented) {
            (false, true) => page.push_str(".PP\n.nf\n"),
            (true, false) => page.push_str(".fi\n"),
            _ => {}
        }
        is_code = indented;
        if line.is_empty() {
            page.push_str(".PP\n");
        } else {
            page.push_str(&escaped(line.trim_start()));
            page.push('\n');
        }
    }
    if is_code {
        page.push_str(".fi\n");
    }
    page
}

/// Text that no formatter takes for a command, with hyphens that can be copied.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    let line = line.replace('\'', "\\(aq");
    if line.starts_with('.') {
        format!("\\&{line}")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::{examples, pages};

    #[test]
    fn every_command_has_a_page() {
        let pages = pages();
        assert!(pages.len() > 15, "{}", pages.len());
        assert_eq!(pages[0].0, "runner.1");
        assert!(pages.iter().any(|(name, _)| name == "runner-apply.1"));
        for (name, page) in &pages {
            for part in [".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES"] {
                assert!(page.contains(part), "{name} has no {part}:\n{page}");
            }
        }
    }

    #[test]
    fn examples_keep_their_lines() {
        insta::assert_snapshot!(
            examples("Examples:\n  runner a --b 'c'\n  .hidden\n\nWords follow.\nMore."),
            @r"
        .SH EXAMPLES
        .PP
        .nf
        runner a \-\-b \(aqc\(aq
        \&.hidden
        .fi
        .PP
        Words follow.
        More.
        "
        );
    }
}
