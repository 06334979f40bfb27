//! nginx and haproxy as children of the test, each before its own mock.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use partner_api_mock::MockServer;
use tokio::net::{TcpSocket, TcpStream};

use crate::pki::PKI;

/// How long a proxy may take to start or to reload, on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How often the test checks: neither program signals that it is ready.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Starts its arguments in the background and prints the process id. Once its standard input ends, which is when the
/// test drops the proxy and also when the test itself is killed, it ends the master, which ends and reaps its workers,
/// and kills what is left of the process group.
const SUPERVISOR: &str = r#"
    "$@" >output.log 2>&1 & echo "$!"
    read -r _
    kill "$!" && wait "$!"
    kill -KILL 0
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Nginx,
    Haproxy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// The configuration of a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) program: Program,
    pub(crate) protocol: Protocol,
    /// After so many a connection ends. haproxy knows it over HTTP/2 and from version 3.0 on.
    pub(crate) keepalive_requests: u32,
    /// How long a connection may be idle.
    pub(crate) keepalive_timeout: Duration,
    pub(crate) gzip: bool,
}

impl Settings {
    pub(crate) fn new(program: Program, protocol: Protocol) -> Self {
        Self {
            program,
            protocol,
            keepalive_requests: 1000,
            keepalive_timeout: Duration::from_secs(60),
            gzip: false,
        }
    }

    pub(crate) fn keepalive_requests(self, keepalive_requests: u32) -> Self {
        Self { keepalive_requests, ..self }
    }

    pub(crate) fn keepalive_timeout(self, keepalive_timeout: Duration) -> Self {
        Self { keepalive_timeout, ..self }
    }

    pub(crate) fn gzip(self) -> Self {
        Self { gzip: true, ..self }
    }

    /// The template with its placeholders replaced.
    fn config(&self, port: u16, upstream: u16, folder: &Path) -> String {
        let template = match self.program {
            Program::Nginx => include_str!("../../proxies/nginx.conf"),
            Program::Haproxy => include_str!("../../proxies/haproxy.cfg"),
        };
        let is_http2 = self.protocol == Protocol::Http2;
        let values = [
            ("port", port.to_string()),
            ("upstream", upstream.to_string()),
            ("folder", folder.display().to_string()),
            ("http2", if is_http2 { "http2" } else { "" }.to_owned()),
            ("alpn", if is_http2 { "h2" } else { "http/1.1" }.to_owned()),
            ("keepalive_requests", self.keepalive_requests.to_string()),
            ("max_total_streams", self.keepalive_requests.to_string()),
            ("keepalive_timeout", format!("{}ms", self.keepalive_timeout.as_millis())),
            ("gzip", if self.gzip { "on" } else { "off" }.to_owned()),
        ];
        let replaced = values.into_iter().fold(template.to_owned(), |config, (name, value)| {
            config.replace(&format!("@{name}@"), &value)
        });
        // The first line of both says how placeholders look.
        let left = replaced.lines().skip(1).find(|line| line.contains('@'));
        assert_eq!(left, None, "a placeholder without a value");
        replaced
    }
}

/// A running proxy. It ends, with all its processes, when it is dropped.
pub(crate) struct Proxy {
    settings: Settings,
    address: SocketAddr,
    folder: PathBuf,
    supervisor: Child,
    /// nginx's or haproxy's master process.
    master: u32,
    /// Bound, and never listens: so no other program gets the port, and the proxy, which binds it with `SO_REUSEPORT`
    /// as the same user, gets every connection.
    _port: TcpSocket,
}

impl Proxy {
    /// Starts one and waits until it accepts connections. `None` if the program is not installed.
    pub(crate) async fn start(settings: Settings, mock: &MockServer) -> Option<Self> {
        let Some(program) = settings.program.find() else {
            settings.program.say_skipped();
            return None;
        };
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseport(true).unwrap();
        port.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = port.local_addr().unwrap();

        let folder = new_folder();
        let config = settings.config(address.port(), mock.address().port(), &folder);
        let file = folder.join("proxy.conf");
        fs::write(&file, config).unwrap();
        fs::write(folder.join("server.key"), &PKI.key).unwrap();
        // haproxy requires both in one file, and nginx accepts that.
        fs::write(folder.join("server.pem"), format!("{}{}", PKI.certificate, PKI.key)).unwrap();

        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "sh"]).arg(program);
        match settings.program {
            Program::Nginx => command.arg("-p").arg(&folder).arg("-e").arg("error.log").arg("-c"),
            Program::Haproxy => command.arg("-W").arg("-f"),
        };
        let mut supervisor = command
            .arg(file)
            .current_dir(&folder)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(supervisor.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let master = line.trim().parse().unwrap();

        let proxy = Self { settings, address, folder, supervisor, master, _port: port };
        proxy
            .until("it accepts connections", async || TcpStream::connect(address).await.is_ok())
            .await;
        Some(proxy)
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Reloads the configuration, as an operator does, and waits until new processes have taken over and another reload
    /// can follow. Old processes may still serve what they have begun.
    pub(crate) async fn reload(&self) {
        let before = self.reloads();
        let signal = match self.settings.program {
            Program::Nginx => "HUP",
            Program::Haproxy => "USR2",
        };
        let kill = format!("kill -s {signal} {}", self.master);
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.until("it has reloaded", async || self.reloads() > before).await;
    }

    /// haproxy's master ignores signals until it has said this of the old worker; nginx's keeps them.
    fn reloads(&self) -> usize {
        let (file, line) = match self.settings.program {
            Program::Nginx => ("error.log", "gracefully shutting down"),
            Program::Haproxy => ("output.log", "Former worker"),
        };
        self.read(file).matches(line).count()
    }

    /// Waits for a line of the access log that contains this text. nginx writes it when the response is sent.
    pub(crate) async fn until_logged(&self, text: &str) {
        self.until(text, async || self.read("access.log").contains(text)).await;
    }

    async fn until(&self, what: &str, mut is_true: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !is_true().await {
            let gone = self.log().contains("[emerg]") || self.log().contains("[ALERT]");
            assert!(
                !gone && Instant::now() < deadline,
                "waited in vain until {what}\n{}",
                self.log()
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// The messages of the program, without the access log.
    fn log(&self) -> String {
        self.read("output.log") + &self.read("error.log")
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
        if std::thread::panicking() {
            // The last lines show the failure.
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default().join("\n");
            println!("the last of the log of {:?}:\n{last}", self.settings);
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        }
    }

    fn find(self) -> Option<PathBuf> {
        // Debian installs both in a folder that only root has in PATH.
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain(["/usr/local/sbin".into(), "/usr/sbin".into()]);
        folders.map(|folder| folder.join(self.name())).find(|file| file.is_file())
    }

    /// Directly to stderr, because the output of a test is not shown when it passes.
    fn say_skipped(self) {
        static SAID: [Once; 2] = [Once::new(), Once::new()];
        SAID[self as usize].call_once(|| {
            let name = self.name();
            let line = format!(
                "skipped: the tests of the client behind {name}, which is not installed; tests/proxies/set-up installs it\n"
            );
            let _ = std::io::stderr().write_all(line.as_bytes());
        });
    }
}

fn new_folder() -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("partner-api-proxies-{}-{made}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}
