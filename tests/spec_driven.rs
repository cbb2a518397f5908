//! The documents drive the program: one more model name in one document, and
//! nothing else, is enough for check, editor schema, client and simulator.

use std::path::Path;

use runner::check::media::{MediaFacts, MediaLibrary, MediaProblem};
use runner::check::{self, CheckedShot};
use runner::diag::{Diagnostic, SourceFile, Sources};
use runner::provider::minimax::{MiniMax, Settings as ServiceSettings};
use runner::provider::{Progress, Provider};
use runner::shot::{self, Overrides};
use runner::simulator::{Clips, Settings, Simulator};
use runner::spec::{Mode, Spec, Unlisted};
use runner::{manifest, simulator};
use serde_json::{Value, json};

const MODEL: &str = "MiniMax-Hailuo-2.4";

const MANIFEST: &str = "\
version: 1
shots:
  - id: new
    model: MiniMax-Hailuo-2.4
    prompt: A boat in the morning.
";

struct NoMedia;

impl MediaLibrary for NoMedia {
    fn describe(&self, path: &Path, _: u64) -> Result<MediaFacts, MediaProblem> {
        Err(MediaProblem::Missing {
            path: path.display().to_string(),
            similar: None,
        })
    }
}

/// The bundled documents with one more name in one list.
fn with_one_more_model() -> &'static Spec {
    let mut documents = Spec::bundled_documents();
    let (_, document) = documents
        .iter_mut()
        .find(|(name, _)| name.starts_with("text-to-video"))
        .expect("the document is bundled");
    document
        .pointer_mut("/components/schemas/TextToVideoRequest/properties/model/enum")
        .and_then(Value::as_array_mut)
        .expect("the list of models")
        .push(json!(MODEL));
    let spec = Spec::from_documents(&documents).expect("the documents still fit together");
    Box::leak(Box::new(spec))
}

fn checked(spec: &Spec) -> (Vec<CheckedShot>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", MANIFEST));
    let (manifest, mut found) = manifest::parse(&mut sources, id, spec, &manifest::NoFiles);
    let manifest = manifest.expect("it is a manifest");
    let (shots, more) = shot::expand(&manifest, &sources, &Overrides::default(), spec);
    found.extend(more);
    let context = check::Context {
        spec,
        media: &NoMedia,
        unlisted: Unlisted::Refuse,
    };
    let (checked, more) = check::check(&shots, &context);
    found.extend(more);
    (checked, found)
}

#[test]
fn without_the_name_the_model_is_refused() {
    let (shots, found) = checked(Spec::bundled());
    assert!(shots.is_empty());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        found[0].help.as_deref(),
        Some("did you mean `MiniMax-Hailuo-2.3`?")
    );
}

#[test]
fn with_the_name_the_schema_offers_it() {
    let spec = with_one_more_model();
    assert!(
        spec.models(Mode::TextToVideo)
            .iter()
            .any(|model| model == MODEL)
    );
    let schema = manifest::manifest_schema(spec).to_string();
    assert!(schema.contains(MODEL));
    assert!(
        !manifest::manifest_schema(Spec::bundled())
            .to_string()
            .contains(MODEL)
    );
}

#[tokio::test]
async fn with_the_name_it_is_checked_sent_and_made() {
    let spec = with_one_more_model();
    let (shots, found) = checked(spec);
    assert!(found.is_empty(), "{found:#?}");
    let request = &shots[0].request;
    assert_eq!((request.resolution(), request.seconds()), ("768P", 6));

    let simulator = Simulator::start(
        Settings {
            clips: Clips::Tiny,
            time_scale: 100_000,
            ..simulator::Settings::default()
        },
        spec,
    )
    .await
    .expect("a free port");
    let service = MiniMax::new(&ServiceSettings {
        base_url: simulator.base_url(),
        key: "any".to_owned(),
        label_shots: false,
        silence: runner::provider::minimax::SILENCE,
        witness: None,
        recorder: None,
    })
    .expect("the address is one");
    let request = request
        .to_send(|_| Err::<String, _>(()))
        .expect("it has no pictures");
    let created = service
        .create(request)
        .await
        .expect("the simulator takes it");
    let sent = simulator.created();
    assert_eq!(
        sent[0].body,
        json!({
            "model": MODEL,
            "prompt": "A boat in the morning.",
            "resolution": "768P",
            "duration": 6,
        })
    );
    let file = loop {
        match service.poll(&created.task).await.expect("it is known") {
            Progress::Succeeded { file, .. } => break file,
            Progress::Running { .. } => tokio::task::yield_now().await,
            Progress::Failed { failure, .. } => panic!("{failure}"),
        }
    };
    service.locate(&file).await.expect("the video is there");
    simulator.stop().await;
}
