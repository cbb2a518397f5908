//! Links to videos: signed, short-lived, and read in parts.

use reqwest::{Response, StatusCode, header};
use serde_json::json;

use super::client::{Session, settings, text, text_body, with_rules};

async fn finished_file(session: &Session) -> String {
    let task = session.task(&text_body("A fox runs.")).await;
    text(&session.ended(&task).await, "/file_id")
}

async fn open(session: &Session, link: &str) -> Response {
    session
        .client
        .get(link)
        .send()
        .await
        .expect("the link answers")
}

#[tokio::test]
async fn an_expired_link_is_refused_and_a_fresh_one_works() {
    let rules = json!([{ "on": "retrieve", "nth": 1, "then": "expired_link" }]);
    let session = Session::start(with_rules(&rules)).await;
    let file = finished_file(&session).await;
    let expired = open(&session, &session.link(&file).await).await;
    assert_eq!(expired.status(), StatusCode::FORBIDDEN);
    assert_eq!(expired.headers()[header::CONTENT_TYPE], "application/xml");
    let xml = expired.text().await.expect("a refusal in words");
    assert!(
        xml.contains("<Code>AccessDenied</Code>") && xml.contains("<Expires>"),
        "{xml}"
    );
    let fresh = session.link(&file).await;
    assert_eq!(open(&session, &fresh).await.status(), StatusCode::OK);
    assert_ne!(fresh, session.link(&file).await);
}

#[tokio::test]
async fn a_link_must_be_signed_as_it_was_given() {
    let session = Session::start(settings()).await;
    let file = finished_file(&session).await;
    let link = session.link(&file).await;
    let (bare, _) = link.split_once('?').expect("links are signed");
    let later = link.replace("Expires=", "Expires=9");
    let other = link.replace(&file, "100000000000001");
    for wrong in [bare, &later, &other, &format!("{link}A")] {
        let answer = open(&session, wrong).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{wrong}");
    }
}

#[tokio::test]
async fn a_video_can_be_read_in_parts() {
    let session = Session::start(settings()).await;
    let link = session.link(&finished_file(&session).await).await;
    let whole = open(&session, &link).await;
    let tag = whole.headers()[header::ETAG].clone();
    let length = whole.content_length().expect("the length is told");
    let whole = whole.bytes().await.expect("the video arrives");
    assert_eq!(whole.len() as u64, length);
    let part = |range: &str| {
        session
            .client
            .get(&link)
            .header(header::RANGE, range.to_owned())
    };
    let answer = part("bytes=10-19").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        answer.headers()[header::CONTENT_RANGE],
        format!("bytes 10-19/{length}")
    );
    assert_eq!(answer.bytes().await.expect("a part"), whole[10..20]);
    let rest = part("bytes=100-")
        .header(header::IF_RANGE, tag)
        .send()
        .await
        .expect("an answer");
    assert_eq!(rest.bytes().await.expect("a part"), whole[100..]);
    let changed = part("bytes=100-")
        .header(header::IF_RANGE, "\"other\"")
        .send()
        .await;
    assert_eq!(changed.expect("an answer").status(), StatusCode::OK);
    let outside = part(&format!("bytes={length}-"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(
        outside.headers()[header::CONTENT_RANGE],
        format!("bytes */{length}")
    );
}
