//! A browser, controlled through W3C `WebDriver` by a small client: the existing client crates have
//! two dozen dependencies, or old versions of ours, for one JSON request per connection.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use partner_api_tests::http::Response;
use serde_json::{Value, json};

/// How long the page may take to reach a state, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(25);

/// The key under which `WebDriver` names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Functions by which scripts find elements.
const FINDERS: &str = r#"
    const all = (selector) => [...document.querySelectorAll(selector)];
    const isSeen = (one) => one.checkVisibility();
    const top = () => document.querySelector("dialog") ?? document;
    const textOf = (one) => (one.getAttribute("aria-label") ?? one.textContent).trim();
    const named = (name) => [...top().querySelectorAll("button, a, summary")]
        .find((one) => isSeen(one) && textOf(one) === name);
    const labelled = (name) => [...top().querySelectorAll("label")]
        .filter((one) => one.textContent === name).map((one) => one.control).find(isSeen);
"#;

/// A headless Chromium with a separate profile. It ends when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: PathBuf,
}

/// Debian's headless shell, which starts four times as fast as the whole browser. The script in
/// `PATH` is not used, because the process that it starts would outlive the driver.
const HEADLESS_SHELL: &str = "/usr/lib/chromium/chromium-headless-shell";

impl Browser {
    /// Starts a browser. Returns `None`, and prints a message, if no browser is installed.
    pub(crate) fn start() -> Option<Self> {
        let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
        let shell = Some(PathBuf::from(HEADLESS_SHELL)).filter(|shell| shell.exists());
        let browser = shell.or_else(|| names.into_iter().find_map(in_path));
        let (Some(driver), Some(browser)) = (in_path("chromedriver"), browser) else {
            say_skipped();
            return None;
        };
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
        });
        let mut browser_is = Self {
            driver,
            port: port.expect("chromedriver says its port"),
            session: String::new(),
            profile: profile(),
        };
        browser_is.begin(&browser);
        Some(browser_is)
    }

    fn begin(&mut self, browser: &Path) {
        let profile = format!("--user-data-dir={}", self.profile.display());
        let mut arguments = vec![
            "--no-sandbox", // root, as in a container, has none
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,900",
        ];
        // The shell hangs with either option, and chromedriver gives it a profile.
        if browser != Path::new(HEADLESS_SHELL) {
            arguments.extend(["--headless", &profile]);
        }
        let wanted = json!({ "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": browser, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "timeouts": { "script": 60_000 },
        } });
        let begun = self.ask("POST", "/session", &json!({ "capabilities": wanted }));
        begun["sessionId"].as_str().unwrap().clone_into(&mut self.session);
        // A browser shows its start page first. Requests of that page are not those of the test.
        self.open("about:blank");
        self.addresses();
    }

    pub(crate) fn open(&self, url: &str) {
        self.command("/url", &json!({ "url": url }));
    }

    /// Runs a script, which can use [`FINDERS`] and `args`, and returns its result.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.run_with(script, Value::Null)
    }

    pub(crate) fn run_with(&self, script: &str, args: impl Into<Value>) -> Value {
        let args = args.into();
        let script = format!("{FINDERS}; const args = arguments[0]; {script}");
        self.command("/execute/sync", &json!({ "script": script, "args": [args] }))
    }

    /// Waits until an expression is true in the page, and returns its value. It is evaluated again
    /// after each change of the page, and periodically.
    pub(crate) fn until(&self, condition: &str) -> Value {
        self.until_with(condition, Value::Null)
    }

    pub(crate) fn until_with(&self, condition: &str, args: impl Into<Value>) -> Value {
        let args = args.into();
        let script = format!(
            r"
            const [args, timeout, done] = arguments;
            {FINDERS}
            const look = () => {{
                let value;
                try {{ value = {condition}; }} catch {{ return; }}
                if (value) end(value);
            }};
            const end = (value) => {{
                seen.disconnect(); clearInterval(again); clearTimeout(late); done(value);
            }};
            const seen = new MutationObserver(look);
            seen.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
            const again = setInterval(look, 50);
            const late = setTimeout(() => end(null), timeout);
            look();"
        );
        let timeout_ms = u64::try_from(TIMEOUT.as_millis()).unwrap();
        let body = json!({ "script": script, "args": [args, timeout_ms] });
        let value = self.command("/execute/async", &body);
        assert!(!value.is_null(), "never came: {condition} {args}\n{}", self.text("body"));
        value
    }

    /// Waits until a text is visible on the page.
    pub(crate) fn until_shown(&self, text: &str) {
        self.until_with("document.body.innerText.includes(args)", text);
    }

    /// Presses the control with this name, as soon as it is there.
    pub(crate) fn press(&self, name: &str) {
        self.click(&self.until_with("named(args)", name));
    }

    pub(crate) fn press_at(&self, selector: &str) {
        self.click(&self.until_with("all(args).find(isSeen)", selector));
    }

    fn click(&self, element: &Value) {
        self.command(&format!("/element/{}/click", id(element)), &json!({}));
    }

    /// Replaces the text in the field with this label.
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let field = self.until_with("labelled(args)", label);
        self.command(&format!("/element/{}/clear", id(&field)), &json!({}));
        if !text.is_empty() {
            self.command(&format!("/element/{}/value", id(&field)), &json!({ "text": text }));
        }
    }

    /// Types on the keyboard, into the control that has the focus.
    pub(crate) fn keys(&self, keys: &str) {
        let each = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })));
        let source = json!({ "type": "key", "id": "keys", "actions": each.collect::<Vec<_>>() });
        self.command("/actions", &json!({ "actions": [source] }));
    }

    /// The rendered text of the first element of a selector.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.run_with("return document.querySelector(args)?.innerText ?? ''", selector);
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Sets the width of the page, for example to that of a phone.
    pub(crate) fn set_width(&self, width: u32) {
        let size = json!({ "width": width, "height": 740, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    pub(crate) fn prefer(&self, name: &str, value: &str) {
        let features = json!({ "features": [{ "name": name, "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.command("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// The URLs of all network requests since the last call.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let log = self.log("performance");
        let sent = log.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            let is_sent = event["method"] == "Network.requestWillBeSent";
            is_sent.then(|| event["params"]["request"]["url"].as_str().map(str::to_owned))?
        });
        sent.collect()
    }

    /// The messages of the console since the last call, without those about failed requests, which
    /// a browser always reports.
    pub(crate) fn console_messages(&self) -> Vec<String> {
        let log = self.log("browser");
        let messages = log.iter().filter_map(|entry| entry["message"].as_str());
        let told = messages.filter(|message| !message.contains("Failed to load resource"));
        told.map(str::to_owned).collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.command("/se/log", &json!({ "type": kind }));
        entries.as_array().cloned().unwrap_or_default()
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let response = self.exchange(method, path, &body.to_string());
        let json: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(response.status, 200, "{path} {body}: {}", json["value"]["message"]);
        json["value"].clone()
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> Response {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let (port, length) = (self.port, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream.set_read_timeout(Some(2 * TIMEOUT)).unwrap();
        read(&mut stream)
    }
}

/// Reads a response by its length, because the driver always keeps a connection open.
fn read(stream: &mut TcpStream) -> Response {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 1 << 13];
        let length = stream.read(&mut piece).expect("the driver responds");
        assert_ne!(length, 0, "the driver closed the connection");
        bytes.extend_from_slice(&piece[..length]);
        let Ok(response) = Response::parse(&bytes) else { continue };
        let expected =
            response.headers.get("content-length").and_then(|length| length.parse().ok());
        if expected == Some(response.body.len()) {
            return response;
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session first, because a killed driver does not end its browser.
        if !self.session.is_empty() {
            self.exchange("DELETE", &format!("/session/{}", self.session), "{}");
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn id(element: &Value) -> &str {
    element[ELEMENT].as_str().expect("an element")
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn profile() -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("partner-api-mock-page-{}-{made}", std::process::id()))
}

/// Directly to stderr, because the output of a test is not shown when it passes.
fn say_skipped() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let line = "skipped: the tests of the page in a browser, since chromium or chromedriver is \
                    not here; tests/browser/set-up installs both\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
    });
}
