//! The image can be built from a clone: the files that it copies exist, and it runs, exposes and checks
//! what exists. No container engine is needed.

use std::collections::BTreeSet;
use std::path::Path;

use partner_api_tests::Checked;

const DOCKERFILE: &str = include_str!("../../Dockerfile");
const IGNORED: &str = include_str!("../../.dockerignore");

fn instructions(name: &str) -> Vec<String> {
    let whole = DOCKERFILE.replace("\\\n", " ");
    let lines = whole.lines().filter_map(|line| line.strip_prefix(name));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The paths that are copied from the clone, not from the stage before.
fn copied() -> BTreeSet<String> {
    let copies = instructions("COPY ").into_iter().filter(|copy| !copy.starts_with("--from"));
    copies
        .flat_map(|copy| {
            let mut all: Vec<_> = copy.split(' ').map(str::to_owned).collect();
            all.pop();
            all
        })
        .collect()
}

#[test]
fn everything_that_the_image_copies_exists_and_nothing_else_is_sent() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in copied() {
        assert!(root.join(&file).exists(), "{file}");
    }
    let allowed = IGNORED.lines().filter_map(|line| line.strip_prefix('!'));
    assert_eq!(allowed.map(str::to_owned).collect::<BTreeSet<_>>(), copied());
}

#[test]
fn every_member_of_the_workspace_is_copied() -> Checked {
    let manifest = include_str!("../../Cargo.toml");
    let members = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    for member in members.ok_or("no members")?.split('"').skip(1).step_by(2) {
        assert!(copied().contains(member), "{member}");
    }
    // A path dependency of the tests, which is a separate workspace.
    assert!(copied().contains("fuzz"));
    Ok(())
}

#[test]
fn the_image_runs_without_root_and_its_health_check_uses_the_exposed_port() -> Checked {
    let user = instructions("USER ");
    assert!(
        user.iter().any(|user| !user.starts_with('0') && !user.starts_with("root")),
        "{user:?}"
    );
    let health = instructions("HEALTHCHECK ");
    let command = r#"CMD ["partner-api", "mock", "health"]"#;
    assert!(health.iter().any(|line| line.ends_with(command)), "{health:?}");
    let exposed = instructions("EXPOSE ");
    let port = exposed.first().ok_or("no port")?;
    // The default address of `partner-api mock health`.
    assert_eq!(port, "4010");
    assert!(instructions("CMD ").iter().any(|command| command.contains(&format!(":{port}\""))));
    Ok(())
}
