//! What the API allows, as the embedded `OpenAPI` documents say it.
//!
//! Owns every question about models, fields, limits, defaults and codes; the
//! answers come from `openapi/` alone, so that a changed document changes them
//! all. Pure and synchronous: it never sends, reads a file or prints.
//!
//! Start with [`Spec::bundled`]. `shared/` makes the bundle and is compiled
//! into `build.rs` as well; `request` holds one compiled request schema per
//! mode; `violation` words what a schema refuses.

mod mode;
mod request;
pub mod shared;
mod surface;
mod violation;
mod wording;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::id::sha256_hex;
pub use mode::Mode;
pub use shared::error::SpecError;
pub use shared::vocabulary::{CameraCommand, ImageRules};
pub use violation::{Unlisted, Violation, ViolationKind};

use request::RequestSchema;
use shared::{Document, vocabulary};

static BUNDLED: LazyLock<Spec> = LazyLock::new(|| {
    let bundle = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/bundle.json")))
        .expect("the build script wrote the bundle as JSON");
    Spec::from_bundle(bundle).expect("the tests compile the bundle that is embedded")
});

/// The API as one set of documents describes it, ready to be asked.
#[derive(Debug)]
pub struct Spec {
    bundle: Value,
    requests: Vec<RequestSchema>,
    camera: Vec<CameraCommand>,
    images: ImageRules,
    sizes: BTreeMap<String, (u32, u32)>,
    statuses: BTreeMap<i64, String>,
}

impl Spec {
    /// The documents that this program was built with.
    pub fn bundled() -> &'static Spec {
        &BUNDLED
    }

    /// The same documents one by one, as the build read them.
    pub fn bundled_documents() -> Vec<Document> {
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/documents.json")))
            .expect("the build script wrote the documents as JSON")
    }

    /// Reads a set of documents the way the build does.
    pub fn from_documents(documents: &[Document]) -> Result<Spec, SpecError> {
        let bundle = shared::merge::merge(documents)?;
        shared::preflight::preflight(documents, &bundle)?;
        Self::from_bundle(bundle).map_err(|error| shared::located(documents, error))
    }

    fn from_bundle(bundle: Value) -> Result<Spec, SpecError> {
        let requests = Mode::ALL
            .into_iter()
            .map(|mode| RequestSchema::compile(&bundle, mode))
            .collect::<Result<_, _>>()?;
        Ok(Spec {
            requests,
            camera: vocabulary::camera_commands(&bundle)?,
            images: vocabulary::image_rules(&bundle)?,
            sizes: vocabulary::output_sizes(&bundle)?,
            statuses: vocabulary::status_codes(&bundle)?,
            bundle,
        })
    }

    fn request(&self, mode: Mode) -> &RequestSchema {
        &self.requests[mode as usize]
    }

    /// The merged `OpenAPI` 3.1 bundle.
    pub fn bundle(&self) -> &Value {
        &self.bundle
    }

    /// Models of a mode, in the order of the document.
    pub fn models(&self, mode: Mode) -> &[String] {
        &self.request(mode).models
    }

    /// Every model once, in the order of the modes.
    pub fn all_models(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for model in self.requests.iter().flat_map(|request| &request.models) {
            if !all.contains(&model.as_str()) {
                all.push(model.as_str());
            }
        }
        all
    }

    /// The modes that list a model.
    pub fn modes_of(&self, model: &str) -> Vec<Mode> {
        let listing = Mode::ALL.into_iter();
        listing
            .filter(|mode| self.models(*mode).iter().any(|known| known == model))
            .collect()
    }

    /// Resolutions that a mode names, whatever the model; none where it has no choice.
    pub fn resolutions(&self, mode: Mode) -> Vec<&str> {
        let values = self.request(mode).choices("resolution").iter();
        values.filter_map(Value::as_str).collect()
    }

    /// Lengths in seconds that a mode names, whatever the model; none where it has no choice.
    pub fn durations(&self, mode: Mode) -> Vec<u32> {
        let values = self.request(mode).choices("duration").iter();
        values
            .filter_map(|value| u32::try_from(value.as_u64()?).ok())
            .collect()
    }

    /// Whether a request of this mode may carry a field.
    pub fn has_field(&self, mode: Mode, field: &str) -> bool {
        self.request(mode).properties.contains_key(field)
    }

    /// The fields that a request of this mode may carry, in the order of the document.
    pub fn fields(&self, mode: Mode) -> Vec<&str> {
        let properties = self.request(mode).properties.keys();
        properties.map(String::as_str).collect()
    }

    /// The schema of a field, with what it refers to written out.
    pub fn field(&self, mode: Mode, field: &str) -> Option<&Value> {
        self.request(mode).properties.get(field)
    }

    /// What the API assumes for a field that is left out, for this model.
    ///
    /// Nothing for a field that has no default, or that the model does not take.
    pub fn default_for(&self, mode: Mode, model: &str, field: &str) -> Option<Value> {
        self.request(mode).default_for(model, field).cloned()
    }

    /// Everything that the full schema has against a request body.
    pub fn validate(&self, mode: Mode, body: &Value) -> Vec<Violation> {
        self.validate_with(mode, body, Unlisted::Refuse)
    }

    /// As [`Spec::validate`], where a model that no document lists may be let through.
    pub fn validate_with(&self, mode: Mode, body: &Value, unlisted: Unlisted) -> Vec<Violation> {
        violation::find(self, self.request(mode), body, unlisted)
    }

    /// The camera commands, in the order of the document.
    pub fn camera_commands(&self) -> &[CameraCommand] {
        &self.camera
    }

    /// Whether a model follows camera commands in this mode.
    pub fn camera_supported(&self, mode: Mode, model: &str) -> bool {
        let followers = &self.request(mode).camera_models;
        followers.iter().any(|known| known == model)
    }

    /// Whether a model is gone from the vendor's list, though documents still name it.
    pub fn retired(&self, model: &str) -> bool {
        let mut retired = self.requests.iter().flat_map(|r| &r.retired_models);
        retired.any(|known| known == model)
    }

    /// What an image file must be like.
    pub fn image_rules(&self) -> &ImageRules {
        &self.images
    }

    /// Width and height of a 16:9 clip of this resolution.
    ///
    /// For a resolution that no document sizes, such as 540P, the number is
    /// taken as the height; nothing for a name without one.
    pub fn output_size(&self, resolution: &str) -> Option<(u32, u32)> {
        let listed = self.sizes.get(resolution).copied();
        listed.or_else(|| size_by_name(resolution))
    }

    /// The resolution that a request comes out in: asked for, assumed, or fixed.
    pub fn output_resolution(&self, mode: Mode, body: &Value) -> Option<String> {
        let request = self.request(mode);
        let value = request.effective(body, "resolution");
        let asked = value.and_then(Value::as_str).map(str::to_owned);
        asked.or_else(|| request.output_resolution.clone())
    }

    /// The length in seconds that a request comes out in: asked for, assumed, or fixed.
    ///
    /// Nothing only for documents that state neither a default nor a fixed length.
    pub fn output_seconds(&self, mode: Mode, body: &Value) -> Option<u32> {
        let request = self.request(mode);
        let value = request.effective(body, "duration");
        let asked = value.and_then(|value| u32::try_from(value.as_u64()?).ok());
        asked.or(request.output_seconds)
    }

    /// What a `base_resp.status_code` means, in our words.
    pub fn status_meaning(&self, code: i64) -> Option<&str> {
        self.statuses.get(&code).map(String::as_str)
    }

    /// SHA-256 of everything in the documents that a request depends on: of
    /// [`Self::surface`], so that other words in a description change nothing.
    pub fn digest(&self) -> String {
        sha256_hex(self.surface().as_bytes())
    }

    /// The whole surface as text, one fact a line, for a snapshot that people review.
    pub fn surface(&self) -> String {
        surface::list(&self.bundle)
    }
}

/// The 16:9 size that a name such as 540P stands for, with an even width.
fn size_by_name(resolution: &str) -> Option<(u32, u32)> {
    let height: u32 = resolution.strip_suffix(['P', 'p'])?.parse().ok()?;
    (16..=8640)
        .contains(&height)
        .then_some((height * 8 / 9 * 2, height))
}
