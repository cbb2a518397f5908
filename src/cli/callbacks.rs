//! Where the service calls back during a run: from the manifest to a listener.

use std::sync::Arc;

use crate::callback::{self, Listener, Settings};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::manifest::model::Callback;
use crate::simulator::wire::reachable;
use crate::store::Store;

/// Begins to listen; answering when it returns. The simulator in this program
/// calls the address itself: no tunnel leads to it.
pub(super) async fn listen(
    callback: &Callback,
    simulated: bool,
    store: &Store,
) -> Result<Arc<Listener>, CliError> {
    let secret = callback::secret(&store.layout().callback_key()).map_err(|source| {
        CliError::new(Exit::Internal, "the key of callbacks cannot be used").because(source)
    })?;
    let listen = callback.listen.value;
    let public_url = if simulated {
        format!("http://{}", reachable(listen))
    } else {
        callback.public_url.value.clone()
    };
    let listener = Listener::start(Settings {
        listen,
        public_url,
        secret,
    });
    let listener = listener.await.map_err(|error| {
        CliError::new(Exit::Internal, error.to_string())
            .because(error)
            .advice("name another address under `callback: listen`, or leave `callback` out: the runner asks in any case")
    })?;
    Ok(Arc::new(listener))
}
