//! The generated HTTP client, and the one hook that we put on it.
//!
//! Generated from the documents in `openapi/` while building; nothing is
//! written here by hand but the hook. Build it with `Client::new_with_client`:
//! `Client::new` has a timeout of 15 seconds for everything.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_imports,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "generated code"
)]

include!(concat!(env!("OUT_DIR"), "/client.rs"));

impl ClientHooks for Client {
    /// Takes away a header that the generator adds and the API does not know.
    async fn pre<E>(
        &self,
        request: &mut reqwest::Request,
        _info: &OperationInfo,
    ) -> Result<(), Error<E>> {
        request.headers_mut().remove("api-version");
        Ok(())
    }
}
