//! `runner`: see the library's documentation for how it is built.

fn main() -> std::process::ExitCode {
    runner::cli::main()
}
