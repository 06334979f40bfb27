//! A change of the watched seed file is loaded, however the editor writes the file. A mistake in the file,
//! or its absence for a moment, keeps what was loaded before.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::ChildStderr;

use crate::folder::Folder;
use crate::{Running, raw};

fn seed(balance: u32) -> String {
    format!("partners:\n- {{name: p, keys: [k], wallet: {{balance: {balance}}}}}\n")
}

/// A mock that watches a file, and what it logs.
struct Watching {
    mock: Running,
    log: BufReader<ChildStderr>,
}

impl Watching {
    fn start(file: &str) -> Self {
        let mut mock = Running::start(&["--seed", file, "--watch", "--listen", "127.0.0.1:0"]);
        let log = BufReader::new(mock.child.stderr.take().unwrap());
        Self { mock, log }
    }

    /// Waits for a line of `--watch`, and skips lines of requests.
    fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the program ended");
            if line.contains("loaded again") || line.contains("loaded before stays") {
                return line;
            }
        }
    }

    async fn balance(&self) -> String {
        let body = raw::wallet_with(self.mock.address(), "k").await.body;
        body.split([':', ',']).nth(1).unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_file_that_is_written_in_place_is_loaded_again() {
    let folder = Folder::new();
    fs::write(folder.file("seed.yaml"), seed(1)).unwrap();
    let mut watching = Watching::start(&folder.file("seed.yaml"));
    assert_eq!(watching.balance().await, "1");
    // Of the same length, and shortly after.
    for balance in [2, 3] {
        fs::write(folder.file("seed.yaml"), seed(balance)).unwrap();
        let line = watching.line();
        assert!(line.contains("seed loaded again") && line.contains("partners=1"), "{line}");
        assert_eq!(watching.balance().await, balance.to_string());
    }
}

#[tokio::test]
async fn the_error_for_a_mistake_has_its_position_and_the_old_data_stays() {
    let folder = Folder::new();
    fs::write(folder.file("seed.yaml"), seed(1)).unwrap();
    let mut watching = Watching::start(&folder.file("seed.yaml"));
    fs::write(folder.file("seed.yaml"), "partners:\n- name: p\n  walet: {}\n").unwrap();
    let line = watching.line();
    let place = format!("{}:3:10: partners[0].walet: unknown field", folder.file("seed.yaml"));
    assert!(line.contains(&place) && line.contains("did you mean `wallet`?"), "{line}");
    assert!(line.trim_end().ends_with("; the data loaded before stays"), "{line}");
    assert_eq!(watching.balance().await, "1");

    fs::write(folder.file("seed.yaml"), seed(4)).unwrap();
    assert!(watching.line().contains("loaded again"));
    assert_eq!(watching.balance().await, "4");
}

#[tokio::test]
async fn a_file_that_another_is_moved_over_is_loaded_again() {
    let folder = Folder::new();
    fs::write(folder.file("seed.yaml"), seed(1)).unwrap();
    let mut watching = Watching::start(&folder.file("seed.yaml"));
    for balance in [2, 3] {
        let new = folder.path().join(".seed.yaml.swp");
        fs::write(&new, seed(balance)).unwrap();
        fs::rename(&new, folder.file("seed.yaml")).unwrap();
        assert!(watching.line().contains("loaded again"));
        assert_eq!(watching.balance().await, balance.to_string());
    }
}

#[tokio::test]
async fn a_file_that_is_missing_for_a_while_removes_nothing() {
    let folder = Folder::new();
    fs::write(folder.file("seed.yaml"), seed(1)).unwrap();
    let mut watching = Watching::start(&folder.file("seed.yaml"));
    fs::remove_file(folder.file("seed.yaml")).unwrap();
    let line = watching.line();
    assert!(line.contains("seed.yaml: cannot be read: "), "{line}");
    assert_eq!(watching.balance().await, "1");

    fs::write(folder.file("seed.yaml"), seed(2)).unwrap();
    assert!(watching.line().contains("loaded again"));
    assert_eq!(watching.balance().await, "2");
}

/// As a config map is mounted: the file is a link into a folder that is also a link, and that one
/// is swapped.
#[cfg(unix)]
#[tokio::test]
async fn a_link_that_is_swapped_is_followed() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    let put = |version: &str, balance| {
        fs::create_dir(folder.path().join(version)).unwrap();
        fs::write(folder.path().join(version).join("seed.yaml"), seed(balance)).unwrap();
        symlink(version, folder.path().join("..data_tmp")).unwrap();
        fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).unwrap();
    };
    put("..v1", 1);
    symlink("..data/seed.yaml", folder.file("seed.yaml")).unwrap();
    let mut watching = Watching::start(&folder.file("seed.yaml"));
    assert_eq!(watching.balance().await, "1");
    put("..v2", 2);
    assert!(watching.line().contains("loaded again"));
    assert_eq!(watching.balance().await, "2");
}

#[tokio::test]
async fn an_issued_key_stays_valid_and_a_new_one_is_printed() {
    let folder = Folder::new();
    fs::write(folder.file("seed.yaml"), "partners: [{name: p}]\n").unwrap();
    let mut watching = Watching::start(&folder.file("seed.yaml"));
    let key = watching.mock.value("API key").to_owned();
    fs::write(folder.file("seed.yaml"), "partners: [{name: p, wallet: {balance: 2}}]\n").unwrap();
    watching.line();
    let response = raw::wallet_with(watching.mock.address(), &key).await;
    assert!(response.body.starts_with(r#"{"balance":2,"#), "{response:?}");

    fs::write(folder.file("seed.yaml"), "partners: [{name: p, keys: [mine]}]\n").unwrap();
    let line = watching.line();
    assert!(!line.contains("mine"), "a log holds no key: {line}");
    let mut shown = String::new();
    watching.mock.stdout.read_line(&mut shown).unwrap();
    while !shown.starts_with("API key") {
        shown.clear();
        assert!(watching.mock.stdout.read_line(&mut shown).unwrap() > 0);
    }
    assert_eq!(shown, "API key   mine\n");
}
