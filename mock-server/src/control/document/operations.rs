//! The table of all operations.

use schemars::JsonSchema as _;
use serde_json::{Value, json};

use super::Types;
use super::operation::{Operation, operation, query_parameters};
use crate::control::resources::{
    Clock, ClockSetting, ClockStep, Fault, Health, Info, Key, KeyAdded, KeyNew, Outage, Partner,
    PartnerChange, Report, RequestList, RequestWithResponse, RequestsQuery, Stub,
};
use crate::control::response::List;
use crate::seed::{
    CompaniesFile, CompanyFile, ConnectionFile, PartnerFile, RuleFile, StubFile, WalletFile,
};
use crate::state::body::{CompanyBody, ConnectionBody, WalletBody};

/// The owner of faults, stubs and received requests.
#[derive(Clone, Copy)]
struct Owner {
    path: &'static str,
    /// The end of the ids of its operations.
    suffix: &'static str,
    name: &'static str,
}

const THE_MOCK: Owner = Owner { path: "", suffix: "", name: "the whole mock" };
const A_PARTNER: Owner =
    Owner { path: "/partners/{partner}", suffix: "OfPartner", name: "this partner" };

impl Owner {
    /// An operation on all of one kind that it owns. The summary ends with its name.
    fn operation(
        self,
        method: &'static str,
        collection: &str,
        id: &str,
        tag: &'static str,
        summary: &str,
    ) -> Operation {
        let Self { path, suffix, name } = self;
        let (path, id) = (format!("{path}/{collection}"), format!("{id}{suffix}"));
        operation(method, path, id, tag, format!("{summary} {name}"))
    }
}

pub(super) fn operations(types: &mut Types) -> Vec<Operation> {
    let mut all = of_the_mock(types);
    all.extend(of_partners(types));
    all.extend(of_companies(types));
    all.extend(of_connections(types));
    for owner in [THE_MOCK, A_PARTNER] {
        all.extend(of_faults(types, owner));
        all.extend(of_stubs(types, owner));
        all.extend(of_requests(types, owner));
    }
    let fault = types.response::<Fault>();
    let stub = types.response::<Stub>();
    let request = types.response::<RequestWithResponse>();
    all.extend([
        operation("get", "/faults/{fault}", "getFault", "Faults", "Show one rule of any owner")
            .responds_json(
                200,
                "The rule. Of those that are no longer active, the last 1,000 are kept.",
                fault,
            ),
        operation("delete", "/faults/{fault}", "removeFault", "Faults", "Remove a rule")
            .responds_nothing(),
        operation("get", "/stubs/{stub}", "getStub", "Stubs", "Show one stub of any owner")
            .responds_json(200, "The stub.", stub),
        operation("delete", "/stubs/{stub}", "removeStub", "Stubs", "Remove a stub")
            .responds_nothing(),
        operation(
            "get",
            "/requests/{request}",
            "getRequest",
            "Requests",
            "Show one request with its response",
        )
        .responds_json(200, "The request.", request),
    ]);
    all
}

fn of_the_mock(types: &mut Types) -> Vec<Operation> {
    let health = types.response::<Health>();
    let info = types.response::<Info>();
    let clock = types.response::<Clock>();
    let document = json!({"type": "object"});
    let yaml = json!({"application/yaml": {"schema": document}});
    let setting = types.request::<ClockSetting>();
    let step = types.request::<ClockStep>();
    let (outage, shown_outage) = (types.request::<Outage>(), types.response::<Outage>());
    let page = |path, id, summary| operation("get", path, id, "Mock", summary);
    vec![
        page("/health", "getHealth", "Show whether the mock runs")
            .public()
            .responds_json(200, "It runs.", health.clone()),
        page("/ready", "getReadiness", "Show whether the mock accepts requests")
            .public()
            .responds_json(200, "It does.", health.clone())
            .responds_json(
                503,
                "The mock is shutting down. New connections are refused.",
                health,
            ),
        page("/info", "getInfo", "Show information about the mock")
            .responds_json(200, "The information.", info),
        Operation {
            description: Some(
                "Partners, keys, data, faults and stubs are again those of the seed, the journal is empty, \
                 and the clock runs. Use it only on a mock that is not shared: other suites lose their \
                 partners. A body with a field, or a query, is rejected.",
            ),
            ..operation("post", "/reset", "reset", "Mock", "Reset the mock to its start")
        }
        .responds_nothing(),
        page("", "goToPage", "Redirect to the page")
            .public()
            .responds(308, "It is under `/_mock/`.", Value::Null),
        page("/", "getPage", "Show the page")
            .public()
            .responds_text("The page.", &["text/html; charset=utf-8"]),
        page("/page/{file}", "getPageFile", "Get a file of the page").public().responds_text(
            "The file.",
            &["text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"],
        ),
        page("/openapi/partner-api.yaml", "getContract", "Get the contract of the Partner API")
            .responds(200, "The document.", yaml.clone()),
        page("/openapi/partner-api.json", "getContractAsJson", "Get the contract as JSON")
            .responds_json(200, "The document.", document.clone()),
        page("/openapi/control.yaml", "getControlDocument", "Get this document")
            .responds(200, "The document.", yaml),
        page("/openapi/control.json", "getControlDocumentAsJson", "Get this document as JSON")
            .responds_json(200, "The document.", document),
        operation("get", "/clock", "getClock", "Clock", "Show the clock")
            .responds_json(200, "The clock.", clock.clone()),
        operation("put", "/clock", "setClock", "Clock", "Pause, set or resume the clock")
            .takes(setting)
            .responds_json(200, "The clock as it is now.", clock.clone()),
        operation("post", "/clock/advance", "advanceClock", "Clock", "Advance a paused clock")
            .takes(step)
            .may_conflict()
            .responds_json(200, "The clock as it is now.", clock),
        Operation {
            description: Some(
                "The whole port is down, the control API and the page included, from when the response was \
                 delivered. The outage ends by itself after `duration`; the address, the data and the journal \
                 stay. Requests during an outage are not recorded.",
            ),
            ..operation("post", "/outage", "startOutage", "Outages", "Start an outage that ends by itself")
        }
        .takes(outage)
        .responds_json(202, "The outage starts when this response was delivered.", shown_outage),
    ]
}

fn of_partners(types: &mut Types) -> Vec<Operation> {
    const ONE: &str = "/partners/{partner}";
    const WALLET: &str = "/partners/{partner}/wallet";
    const KEYS: &str = "/partners/{partner}/keys";
    let (partner, partners) = (types.response::<Partner>(), types.response::<List<Partner>>());
    let wallet = types.response::<WalletBody<'_>>();
    let (key, keys) = (types.response::<KeyAdded>(), types.response::<List<Key>>());
    let (new, change) = (types.request::<PartnerFile>(), types.request::<PartnerChange>());
    let given = types.request::<WalletFile>();
    let new_key = types.request::<KeyNew>();
    vec![
        operation("get", "/partners", "listPartners", "Partners", "List partners").responds_json(
            200,
            "All of them, in the order they were added.",
            partners,
        ),
        Operation {
            description: Some("A test suite adds one for itself. Several may have the same name."),
            ..operation("post", "/partners", "addPartner", "Partners", "Add a partner")
        }
        .takes(new)
        .may_conflict()
        .responds_json(
            201,
            "The partner. If no keys were given, with a new one, which is shown only once.",
            partner.clone(),
        ),
        operation("get", ONE, "getPartner", "Partners", "Show a partner").responds_json(
            200,
            "The partner.",
            partner.clone(),
        ),
        operation("patch", ONE, "changePartner", "Partners", "Rename, activate or deactivate it")
            .takes(change)
            .responds_json(200, "The partner as it is now.", partner),
        operation("delete", ONE, "removePartner", "Partners", "Remove a partner and its data")
            .responds_nothing(),
        operation("get", WALLET, "getPartnerWallet", "Data", "Show the wallet").responds_json(
            200,
            "As `GET /api/v1/wallet` serves it.",
            wallet.clone(),
        ),
        operation("put", WALLET, "replaceWallet", "Data", "Replace the wallet")
            .takes(given.clone())
            .responds_json(
                200,
                "The wallet as it is now. A field that was left out is as in a seed file.",
                wallet.clone(),
            ),
        operation("patch", WALLET, "changeWallet", "Data", "Change the given fields of the wallet")
            .takes(given)
            .responds_json(200, "The wallet as it is now.", wallet),
        operation("get", KEYS, "listKeys", "Keys", "List the keys in the order they were issued")
            .responds_json(200, "The keys, revoked ones included.", keys),
        operation("post", KEYS, "addKey", "Keys", "Issue a key, or accept a given one")
            .may_take(new_key)
            .may_conflict()
            .responds_json(201, "The key. It is shown only once.", key),
        operation("delete", format!("{KEYS}/{{id}}"), "revokeKey", "Keys", "Revoke a key")
            .responds_nothing(),
    ]
}

fn of_companies(types: &mut Types) -> Vec<Operation> {
    const ALL: &str = "/partners/{partner}/companies";
    const ONE: &str = "/partners/{partner}/companies/{company}";
    let company = types.response::<CompanyBody>();
    let list = types.response::<List<CompanyBody>>();
    let (given, all) = (types.request::<CompanyFile>(), types.request::<CompaniesFile>());
    let change = types.change::<CompanyFile>("CompanyChange");
    vec![
        operation("get", ALL, "listPartnerCompanies", "Data", "List the companies").responds_json(
            200,
            "As `GET /api/v1/companies` serves them.",
            list.clone(),
        ),
        operation("put", ALL, "replaceCompanies", "Data", "Replace all companies")
            .takes(all)
            .responds_json(200, "The companies as they are now.", list),
        operation("post", ALL, "addCompany", "Data", "Add a company as the last one")
            .takes(given.clone())
            .responds_json(201, "The company.", company.clone()),
        operation("delete", ALL, "removeCompanies", "Data", "Remove all companies")
            .responds_nothing(),
        operation("get", ONE, "getCompany", "Data", "Show the first company with this id")
            .responds_json(200, "The company.", company.clone()),
        operation("put", ONE, "replaceCompany", "Data", "Replace a company")
            .takes(given)
            .responds_json(200, "The company as it is now.", company.clone()),
        operation("patch", ONE, "changeCompany", "Data", "Change the given fields of a company")
            .takes(change)
            .responds_json(
                200,
                "The company as it is now. A list that is given replaces the whole list.",
                company,
            ),
        operation("delete", ONE, "removeCompany", "Data", "Remove a company").responds_nothing(),
    ]
}

fn of_connections(types: &mut Types) -> Vec<Operation> {
    const ALL: &str = "/partners/{partner}/companies/{company}/connections";
    const ONE: &str = "/partners/{partner}/connections/{connection}";
    let connection = types.response::<ConnectionBody>();
    let given = types.request::<ConnectionFile>();
    let change = types.change::<ConnectionFile>("ConnectionChange");
    vec![
        operation("post", ALL, "addConnection", "Data", "Add a connection to a company")
            .takes(given.clone())
            .responds_json(201, "The connection.", connection.clone()),
        operation("get", ONE, "getConnection", "Data", "Show the first connection with this id")
            .responds_json(200, "The connection.", connection.clone()),
        operation("put", ONE, "replaceConnection", "Data", "Replace a connection")
            .takes(given)
            .responds_json(200, "The connection as it is now.", connection.clone()),
        operation("patch", ONE, "changeConnection", "Data", "Change its given fields")
            .takes(change)
            .responds_json(200, "The connection as it is now.", connection),
        operation("delete", ONE, "removeConnection", "Data", "Remove a connection")
            .responds_nothing(),
    ]
}

fn of_faults(types: &mut Types, owner: Owner) -> [Operation; 3] {
    let (fault, list) = (types.response::<Fault>(), types.response::<List<Fault>>());
    let rule = types.request::<RuleFile>();
    let faults = |method, id, summary| owner.operation(method, "faults", id, "Faults", summary);
    [
        faults("get", "listFaults", "List the active rules of").responds_json(
            200,
            "In the order they were added. One that expired, or has had all its `times`, is not in the list.",
            list,
        ),
        faults("post", "addFault", "Add a rule for").takes(rule).may_conflict().responds_json(
            201,
            "The rule, active from the next request on.",
            fault,
        ),
        faults("delete", "removeFaults", "Remove all rules of").responds_nothing(),
    ]
}

fn of_stubs(types: &mut Types, owner: Owner) -> [Operation; 3] {
    let (stub, list) = (types.response::<Stub>(), types.response::<List<Stub>>());
    let new = types.request::<StubFile>();
    let stubs = |method, id, summary| owner.operation(method, "stubs", id, "Stubs", summary);
    [
        stubs("get", "listStubs", "List the stubs of").responds_json(
            200,
            "In the order they were added. Of several for one path, the last is active.",
            list,
        ),
        stubs("post", "addStub", "Add a stub for").takes(new).may_conflict().responds_json(
            201,
            "The stub, active from the next request on.",
            stub,
        ),
        stubs("delete", "removeStubs", "Remove all stubs of").responds_nothing(),
    ]
}

fn of_requests(types: &mut Types, owner: Owner) -> [Operation; 3] {
    let report = types.response::<Report>();
    let list = types.response::<RequestList>();
    let query = query_parameters(RequestsQuery::json_schema(&mut types.requests).to_value());
    let requests =
        |method, id, summary| owner.operation(method, "requests", id, "Requests", summary);
    [
        Operation {
            description: Some(
                "Responds immediately, unless `within` is given: then it waits until as many requests are \
                 recorded as `exactly` or `atLeast` expects, or without these until one was received after \
                 `after`, and no longer than that time, nor longer than the mock runs. Requests that are \
                 cleared during the wait no longer count. `exactly=0` waits for the whole time. `exactly` \
                 and `atLeast` make it an assertion: other counts are a 409 with an explanation. So are \
                 counts that depend on headers, queries or bodies of evicted requests.",
            ),
            query,
            conflict: Some("VerificationFailed"),
            ..requests("get", "listRequests", "List the received requests of")
        }
        .responds_json(
            200,
            "Oldest first. Without `after`, the newest are shown; with it, those that came next.",
            list,
        ),
        requests("delete", "forgetRequests", "Forget the received requests of").responds_nothing(),
        owner
            .operation("get", "report", "getReport", "Requests", "Report unused stubs and rules of")
            .responds_json(200, "Unused stubs and rules, and requests to unknown paths.", report),
    ]
}
