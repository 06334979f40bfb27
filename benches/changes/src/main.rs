//! Decodes a list of companies, compares it with a changed copy, and prints time and memory of both.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use harness::{Outcome, companies, measured, runtime};
use http::Response;
use http_body_util::Full;
use partner_api::monitor::changes;
use partner_api::{Client, Company, CompleteList};

/// `COMPANIES CASE`: the number of companies, and the kind of change in the second list.
fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, case] = &arguments[..] else { return Err("expected: COMPANIES CASE".into()) };
    let body = Bytes::from(companies(count.parse()?));
    let service = tower::service_fn(move |_| {
        let body = Full::new(body.clone());
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let client = Client::builder()
        .base_url("https://partner-api.invalid")
        .api_key("pk_live_exampleexampleexample001")
        .max_response_bytes(usize::MAX)
        .http_service(service)
        .build()?;
    let runtime = runtime()?;

    let (old, decoding) = measured(|| runtime.block_on(async { client.companies().await }));
    let old = old?;
    // Decoded also, so that its memory layout is that of a list that has just arrived.
    let mut new = runtime.block_on(async { client.companies().await })?.into_vec();
    change(&mut new, case)?;
    let new = CompleteList::assume_complete(new);
    let (found, comparing) = measured(|| changes(&old, &new));
    println!(
        r#"{{"changes":{},"decode_ns":{},"decode_peak":{},"compare_ns":{},"compare_peak":{}}}"#,
        found.len(),
        decoding.nanos,
        decoding.peak_bytes,
        comparing.nanos,
        comparing.peak_bytes,
    );
    Ok(())
}

fn change(companies: &mut Vec<Company>, case: &str) -> Result<(), Box<dyn Error>> {
    let rename = |company: &mut Company| company.name.push_str(" & Sons");
    match case {
        "equal" => {}
        "ten" => {
            let step = companies.len() / 6;
            companies.iter_mut().step_by(step).for_each(rename);
            companies.remove(step / 2);
            let mut added = companies.first().ok_or("no company")?.clone();
            added.id = "clz1".into();
            for connection in &mut added.connections {
                connection.id = "clz2".into();
            }
            companies.insert(0, added);
        }
        "percent" => companies.iter_mut().step_by(100).for_each(rename),
        "reversed" => companies.reverse(),
        "removed" => companies.clear(),
        other => return Err(format!("unknown case `{other}`").into()),
    }
    Ok(())
}
