//! The table of all operations.

use serde_json::{Map, Value, json};

use super::Operations;
use super::operation::Operation;
use crate::control::resources::{
    Clock, ClockSetting, ClockStep, Fault, Health, Info, Key, KeyAdded, KeyNew, Outage, Partner,
    PartnerChange, Report, RequestList, RequestWithResponse, RequestsQuery, Stub,
};
use crate::control::response::List;
use crate::faults::WrittenRule;
use crate::seed::{CompaniesFile, CompanyFile, ConnectionFile, PartnerFile, StubFile, WalletFile};
use crate::state::model::{Company, Connection, Wallet};

/// JSON that another document describes.
type AnyObject = Map<String, Value>;

/// The path of one partner.
const PARTNER: &str = "/partners/{partner}";

/// The owner of faults, stubs and received requests.
#[derive(Clone, Copy)]
struct Owner {
    path: &'static str,
    /// The end of the ids of its operations.
    suffix: &'static str,
    /// The end of their summaries.
    name: &'static str,
}

const THE_MOCK: Owner = Owner { path: "", suffix: "", name: "the whole mock" };
const A_PARTNER: Owner = Owner { path: PARTNER, suffix: "OfPartner", name: "this partner" };

impl Operations {
    pub(super) fn add_all(&mut self) {
        self.add_mock();
        self.add_pages();
        self.add_clock_and_outages();
        self.add_partners();
        self.add_keys();
        self.add_wallet();
        self.add_companies();
        self.add_connections();
        for owner in [THE_MOCK, A_PARTNER] {
            self.add_faults(owner);
            self.add_stubs(owner);
            self.add_requests(owner);
        }
        self.add_found_by_id();
    }

    /// Of the operations that are added next: the beginning of their paths, and their tag.
    fn below(&mut self, base: &'static str, tag: &'static str) {
        (self.base, self.tag) = (base, tag);
    }

    fn add_mock(&mut self) {
        self.below("", "Mock");
        self.add("GET /health", "getHealth", "Show whether the mock runs").ok::<Health>("It runs.");
        self.add("GET /ready", "getReadiness", "Show whether the mock accepts requests")
            .ok::<Health>("It does.")
            .json::<Health>(503, "The mock is shutting down. New connections are refused.");
        self.add("GET /info", "getInfo", "Show information about the mock")
            .ok::<Info>("The information.");
        self.add("POST /reset", "reset", "Reset the mock to its start")
            .description(
                "Partners, keys, data, faults and stubs are again those of the seed, the journal is empty, \
                 and the clock runs. Use it only on a mock that is not shared: other suites lose their \
                 partners. A body with a field, or a query, is rejected.",
            )
            .no_content();
    }

    fn add_pages(&mut self) {
        let yaml = json!({"application/yaml": {"schema": {"type": "object"}}});
        self.add("GET ", "goToPage", "Redirect to the page").responds(
            308,
            "It is under `/_mock/`.",
            Value::Null,
        );
        self.add("GET /", "getPage", "Show the page")
            .text("The page.", &["text/html; charset=utf-8"]);
        self.add("GET /page/{file}", "getPageFile", "Get a file of the page").text(
            "The file.",
            &["text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"],
        );
        self.add(
            "GET /openapi/partner-api.yaml",
            "getContract",
            "Get the contract of the Partner API",
        )
        .responds(200, "The document.", yaml.clone());
        self.add("GET /openapi/partner-api.json", "getContractAsJson", "Get the contract as JSON")
            .ok::<AnyObject>("The document.");
        self.add("GET /openapi/control.yaml", "getControlDocument", "Get this document").responds(
            200,
            "The document.",
            yaml,
        );
        self.add(
            "GET /openapi/control.json",
            "getControlDocumentAsJson",
            "Get this document as JSON",
        )
        .ok::<AnyObject>("The document.");
    }

    fn add_clock_and_outages(&mut self) {
        self.below("", "Clock");
        self.add("GET /clock", "getClock", "Show the clock").ok::<Clock>("The clock.");
        self.add("PUT /clock", "setClock", "Pause, set or resume the clock")
            .takes::<ClockSetting>()
            .ok::<Clock>("The clock as it is now.");
        self.add("POST /clock/advance", "advanceClock", "Advance a paused clock")
            .takes::<ClockStep>()
            .may_conflict()
            .ok::<Clock>("The clock as it is now.");
        self.below("", "Outages");
        self.add("POST /outage", "startOutage", "Start an outage that ends by itself")
            .description(
                "The whole port is down, the control API and the page included, from when the response was \
                 delivered. The outage ends by itself after `duration`; the address, the data and the journal \
                 stay. Requests during an outage are not recorded.",
            )
            .takes::<Outage>()
            .json::<Outage>(202, "The outage starts when this response was delivered.");
    }

    fn add_partners(&mut self) {
        self.below("", "Partners");
        self.add("GET /partners", "listPartners", "List partners")
            .ok::<List<Partner>>("All of them, in the order they were added.");
        self.add("POST /partners", "addPartner", "Add a partner")
            .description("A test suite adds one for itself. Several may have the same name.")
            .takes::<PartnerFile>()
            .may_conflict()
            .created::<Partner>(
                "The partner. If no keys were given, with a new one, which is shown only once.",
            );
        self.add("GET /partners/{partner}", "getPartner", "Show a partner")
            .ok::<Partner>("The partner.");
        self.add("PATCH /partners/{partner}", "changePartner", "Rename, activate or deactivate it")
            .takes::<PartnerChange>()
            .ok::<Partner>("The partner as it is now.");
        self.add("DELETE /partners/{partner}", "removePartner", "Remove a partner and its data")
            .no_content();
    }

    fn add_keys(&mut self) {
        self.below(PARTNER, "Keys");
        self.add("GET /keys", "listKeys", "List the keys in the order they were issued")
            .ok::<List<Key>>("The keys, revoked ones included.");
        self.add("POST /keys", "addKey", "Issue a key, or accept a given one")
            .may_take::<KeyNew>()
            .may_conflict()
            .created::<KeyAdded>("The key. It is shown only once.");
        self.add("DELETE /keys/{id}", "revokeKey", "Revoke a key").no_content();
    }

    fn add_wallet(&mut self) {
        self.below(PARTNER, "Data");
        self.add("GET /wallet", "getPartnerWallet", "Show the wallet")
            .ok::<Wallet>("As `GET /api/v1/wallet` serves it.");
        self.add("PUT /wallet", "replaceWallet", "Replace the wallet")
            .takes::<WalletFile>()
            .ok::<Wallet>(
                "The wallet as it is now. A field that was left out is as in a seed file.",
            );
        self.add("PATCH /wallet", "changeWallet", "Change the given fields of the wallet")
            .takes::<WalletFile>()
            .ok::<Wallet>("The wallet as it is now.");
    }

    fn add_companies(&mut self) {
        self.add("GET /companies", "listPartnerCompanies", "List the companies")
            .ok::<List<Company>>("As `GET /api/v1/companies` serves them.");
        self.add("PUT /companies", "replaceCompanies", "Replace all companies")
            .takes::<CompaniesFile>()
            .ok::<List<Company>>("The companies as they are now.");
        self.add("POST /companies", "addCompany", "Add a company as the last one")
            .takes::<CompanyFile>()
            .created::<Company>("The company.");
        self.add("DELETE /companies", "removeCompanies", "Remove all companies").no_content();
        self.add("GET /companies/{company}", "getCompany", "Show the first company with this id")
            .ok::<Company>("The company.");
        self.add("PUT /companies/{company}", "replaceCompany", "Replace a company")
            .takes::<CompanyFile>()
            .ok::<Company>("The company as it is now.");
        self.add(
            "PATCH /companies/{company}",
            "changeCompany",
            "Change the given fields of a company",
        )
        .takes_part_of::<CompanyFile>("CompanyChange")
        .ok::<Company>("The company as it is now. A list that is given replaces the whole list.");
        self.add("DELETE /companies/{company}", "removeCompany", "Remove a company").no_content();
    }

    fn add_connections(&mut self) {
        self.add(
            "POST /companies/{company}/connections",
            "addConnection",
            "Add a connection to a company",
        )
        .takes::<ConnectionFile>()
        .created::<Connection>("The connection.");
        self.add(
            "GET /connections/{connection}",
            "getConnection",
            "Show the first connection with this id",
        )
        .ok::<Connection>("The connection.");
        self.add("PUT /connections/{connection}", "replaceConnection", "Replace a connection")
            .takes::<ConnectionFile>()
            .ok::<Connection>("The connection as it is now.");
        self.add("PATCH /connections/{connection}", "changeConnection", "Change its given fields")
            .takes_part_of::<ConnectionFile>("ConnectionChange")
            .ok::<Connection>("The connection as it is now.");
        self.add("DELETE /connections/{connection}", "removeConnection", "Remove a connection")
            .no_content();
    }

    /// An operation on what an owner has.
    fn add_of(&mut self, owner: Owner, route: &str, id: &str, summary: &str) -> Operation<'_> {
        let Owner { suffix, name, .. } = owner;
        self.add(route, &format!("{id}{suffix}"), &format!("{summary} {name}"))
    }

    fn add_faults(&mut self, owner: Owner) {
        self.below(owner.path, "Faults");
        self.add_of(owner, "GET /faults", "listFaults", "List the active rules of")
            .ok::<List<Fault>>(
                "In the order they were added. One that expired, or has had all its `times`, is not in the list.",
            );
        self.add_of(owner, "POST /faults", "addFault", "Add a rule for")
            .takes::<WrittenRule>()
            .may_conflict()
            .created::<Fault>("The rule, active from the next request on.");
        self.add_of(owner, "DELETE /faults", "removeFaults", "Remove all rules of").no_content();
    }

    fn add_stubs(&mut self, owner: Owner) {
        self.below(owner.path, "Stubs");
        self.add_of(owner, "GET /stubs", "listStubs", "List the stubs of").ok::<List<Stub>>(
            "In the order they were added. Of several for one path, the last is active.",
        );
        self.add_of(owner, "POST /stubs", "addStub", "Add a stub for")
            .takes::<StubFile>()
            .may_conflict()
            .created::<Stub>("The stub, active from the next request on.");
        self.add_of(owner, "DELETE /stubs", "removeStubs", "Remove all stubs of").no_content();
    }

    fn add_requests(&mut self, owner: Owner) {
        self.below(owner.path, "Requests");
        self.add_of(owner, "GET /requests", "listRequests", "List the received requests of")
            .description(
                "Responds immediately, unless `within` is given: then it waits until as many requests are \
                 recorded as `exactly` or `atLeast` expects, or without these until one was received after \
                 `after`, and no longer than that time, nor longer than the mock runs. Requests that are \
                 cleared during the wait no longer count. `exactly=0` waits for the whole time. `exactly` \
                 and `atLeast` make it an assertion: other counts are a 409 with an explanation. So are \
                 counts that depend on headers, queries or bodies of evicted requests.",
            )
            .query::<RequestsQuery>()
            .fails(409, "VerificationFailed")
            .ok::<RequestList>(
                "Oldest first. Without `after`, the newest are shown; with it, those that came next.",
            );
        self.add_of(owner, "DELETE /requests", "forgetRequests", "Forget the received requests of")
            .no_content();
        self.add_of(owner, "GET /report", "getReport", "Report unused stubs and rules of")
            .ok::<Report>("Unused stubs and rules, and requests to unknown paths.");
    }

    fn add_found_by_id(&mut self) {
        self.below("", "Faults");
        self.add("GET /faults/{fault}", "getFault", "Show one rule of any owner")
            .ok::<Fault>("The rule. Of those that are no longer active, the last 1,000 are kept.");
        self.add("DELETE /faults/{fault}", "removeFault", "Remove a rule").no_content();
        self.below("", "Stubs");
        self.add("GET /stubs/{stub}", "getStub", "Show one stub of any owner")
            .ok::<Stub>("The stub.");
        self.add("DELETE /stubs/{stub}", "removeStub", "Remove a stub").no_content();
        self.below("", "Requests");
        self.add("GET /requests/{request}", "getRequest", "Show one request with its response")
            .ok::<RequestWithResponse>("The request.");
    }
}
