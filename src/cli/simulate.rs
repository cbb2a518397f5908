//! `runner simulate`: the API on this machine, for any client.

use std::net::SocketAddr;
use std::path::Path;

use crate::cli::args::{ClipSize, SimulateArgs, SimulatorArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::words::shots;
use crate::cli::{render, signals};
use crate::diag::{SourceFile, Sources};
use crate::engine::Shutdown;
use crate::manifest;
use crate::simulator::{Clips, Scenario, Settings, Simulator};
use crate::spec::Spec;

pub(super) fn simulate(args: &SimulateArgs, console: &mut Console) -> Result<Exit, CliError> {
    let runtime = runtime()?;
    let served = runtime.block_on(serve(args, console));
    runtime.shutdown_background();
    served.map(|()| Exit::Success)
}

/// Threads for everything asynchronous.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Internal, "the runtime cannot start").because(error))
}

async fn serve(args: &SimulateArgs, console: &mut Console) -> Result<(), CliError> {
    let key = args.key.clone();
    let simulator = start(&args.simulator, args.listen, &args.prefix, key).await?;
    let url = simulator.base_url();
    // The address is data: a script that asked for port 0 reads it from here.
    console.data(&url);
    console.say(format!(
        "the simulated API listens on {url}; Ctrl-C ends it\n  in another terminal: MINIMAX_API_KEY=any MINIMAX_BASE_URL={url} runner apply FILE"
    ));
    let shutdown = Shutdown::default();
    let watching = tokio::spawn(signals::watch(shutdown.clone()));
    tokio::select! {
        () = shutdown.interrupt.cancelled() => {}
        () = shutdown.terminate.cancelled() => {}
    }
    watching.abort();
    console.say(format!("{} created", shots(simulator.billed())));
    simulator.stop().await;
    Ok(())
}

/// Starts a simulator with the settings of the command line.
pub(super) async fn start(
    args: &SimulatorArgs,
    address: SocketAddr,
    prefix: &str,
    key: Option<String>,
) -> Result<Simulator, CliError> {
    let scenario = match &args.scenario {
        Some(path) => scenario(path)?,
        None => Scenario::default(),
    };
    let settings = Settings {
        address,
        seed: args.seed,
        time_scale: args.time_scale,
        clips: match args.clips {
            ClipSize::Full => Clips::Full,
            ClipSize::Tiny => Clips::Tiny,
        },
        key,
        prefix: prefix.to_owned(),
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        scenario,
    };
    Simulator::start(settings, Spec::bundled())
        .await
        .map_err(|error| CliError::new(Exit::Usage, "the simulator cannot start").because(error))
}

fn scenario(path: &Path) -> Result<Scenario, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| CliError::unreadable(path, error))?;
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new(path.display().to_string(), text));
    let wrong = || {
        let message = format!("`{}` is not a scenario", path.display());
        CliError::new(Exit::Usage, message)
    };
    let value = manifest::parse_json(&sources, id).map_err(|diagnostics| {
        wrong().advice(render::diagnostics(&diagnostics, &sources, false))
    })?;
    serde_json::from_value(value).map_err(|error| wrong().because(error))
}
