//! Reads `openapi/`, and writes what the crate embeds: the merged bundle, the
//! documents as JSON, and the generated HTTP client.
//!
//! A document that cannot be used ends the build with one sentence that names
//! the file, the place in it and the reason.

#[path = "src/spec/shared/mod.rs"]
#[expect(
    unreachable_pub,
    reason = "public in the crate, which shares these files"
)]
mod shared;

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;
use shared::error::SpecError;
use shared::{Document, lower::lower, merge::merge, preflight::preflight, vocabulary};

const DOCUMENTS: &str = "openapi";

#[expect(
    clippy::print_stderr,
    reason = "a build script talks to cargo on stdout and to people on stderr"
)]
fn main() -> ExitCode {
    println!("cargo:rerun-if-changed={DOCUMENTS}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/spec/shared");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the API documents cannot be used: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    let documents = read_documents(Path::new(DOCUMENTS))?;
    let bundle = merge(&documents)?;
    preflight(&documents, &bundle)?;
    vocabulary::check(&bundle).map_err(|error| shared::located(&documents, error))?;
    let client = generate(&lower(&bundle)?)?;
    write(
        &out.join("documents.json"),
        &serde_json::to_string(&documents)?,
    )?;
    write(&out.join("bundle.json"), &serde_json::to_string(&bundle)?)?;
    write(&out.join("client.rs"), &client)
}

/// Reads every YAML file of the folder, in the order of their names.
fn read_documents(folder: &Path) -> Result<Vec<Document>, Box<dyn Error>> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .path();
        if path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml")
        {
            files.push(path);
        }
    }
    files.sort();
    files.iter().map(|path| read_document(path)).collect()
}

fn read_document(path: &Path) -> Result<Document, Box<dyn Error>> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let refuse = |reason: String| SpecError::new(&name, "", reason);
    let text = fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
    let document: Value = serde_yaml::from_str(&text).map_err(|e| refuse(e.to_string()))?;
    Ok((name, document))
}

/// Runs the generator on a lowered bundle.
///
/// It reports some trouble by panicking. `preflight` knows the cases that were
/// met; whatever it does not know yet still ends as a sentence.
fn generate(lowered: &Value) -> Result<String, Box<dyn Error>> {
    let spec: openapiv3::OpenAPI = serde_json::from_value(lowered.clone())
        .map_err(|e| format!("{DOCUMENTS}: the lowered bundle is not OpenAPI 3.0: {e}"))?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&spec)
    }));
    set_hook(hook);
    let tokens = match outcome {
        Ok(tokens) => tokens.map_err(|e| format!("{DOCUMENTS}: the generator refuses: {e}"))?,
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            let said = said.unwrap_or("it gives no reason");
            return Err(format!("{DOCUMENTS}: the generator gave up: {said}").into());
        }
    };
    let file = syn::parse2(tokens)
        .map_err(|e| format!("{DOCUMENTS}: the generated client is not Rust: {e}"))?;
    Ok(prettyplease::unparse(&file))
}

fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()).into())
}
