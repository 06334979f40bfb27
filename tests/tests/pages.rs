//! Pages, which the reference does not show: the list calls reject a page that announces more, and
//! requests of the program read all of them, as the guide on long lists shows.

#![cfg(test)]

use partner_api::{Client, Company, Error, ErrorKind};
use partner_api_mock::{Mock, ResponseTemplate, Stub};
use serde::Deserialize;

type Checked = Result<(), Box<dyn std::error::Error>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<Company>,
    next_cursor: Option<String>,
}

async fn all_companies(client: &Client) -> Result<Vec<Company>, Error> {
    let mut companies = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut request = client.get("companies");
        if let Some(cursor) = &cursor {
            request = request.query("cursor", cursor);
        }
        let page: Page = request.send().await?;
        companies.extend(page.data);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(companies),
        }
    }
}

fn company(id: &str) -> String {
    format!(
        r#"{{"id":"{id}","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{{"templates":0}}}}"#
    )
}

/// Three pages of one company each.
fn page(query: Option<&str>) -> ResponseTemplate {
    let (id, next) = match query {
        None => ("c-1", "\"c-1\""),
        Some("cursor=c-1") => ("c-2", "\"c-2\""),
        Some("cursor=c-2") => ("c-3", "null"),
        Some(_) => return ResponseTemplate::json(400, r#"{"error":"invalid_cursor"}"#),
    };
    ResponseTemplate::json(200, format!(r#"{{"data":[{}],"nextCursor":{next}}}"#, company(id)))
}

#[tokio::test]
async fn pages_are_read_by_requests_of_the_program_and_no_page_is_taken_for_the_list() -> Checked {
    let mock = Mock::new();
    let stub = Stub::get("companies").override_documented();
    let _stub = mock.add_stub(stub.respond_with(|request| page(request.query.as_deref())))?;
    let client = Client::builder()
        .base_url(mock.url())
        .api_key(mock.api_key())
        .http_service(mock.service())
        .build()?;

    let ids: Vec<_> = all_companies(&client).await?.into_iter().map(|company| company.id).collect();
    assert_eq!(ids, ["c-1", "c-2", "c-3"]);

    let error = client.companies().await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::IncompleteList { field, .. } if field == "nextCursor"),
        "{error}"
    );
    let mut stream = client.companies().stream();
    assert_eq!(stream.next().await.ok_or("no company")??.id, "c-1");
    let error = stream.next().await.ok_or("no error")?.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::IncompleteList { .. }), "{error}");
    assert!(stream.next().await.is_none());

    // The last page, and so a list of one page, is complete.
    let last = client.get("companies").query("cursor", "c-2").send_list::<Company>().await?;
    assert_eq!(last.len(), 1);
    Ok(())
}
