//! The rules of the house that a compiler doesn't hold: floors, file lengths, forgotten tests, who prints.

use crate::support::{repository, write_program};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module of the library: a file imports its own floor or a lower one. The tens are the floors; those on
/// the third also stand on each other: a machine knows nothing of what converges it.
const FLOORS: [(&str, u8); 20] = [
    ("words", 0),
    ("file_lock", 0),
    ("model", 10),
    ("kinds", 10),
    ("bridge", 20),
    ("compile", 20),
    ("lint", 20),
    ("plan", 20),
    ("roles", 20),
    ("workloads", 20),
    ("system", 30),
    ("state", 30),
    ("transport", 30),
    ("converge", 31),
    ("agent", 32),
    ("fleet", 33),
    ("agent_main", 40),
    ("report", 40),
    ("cli", 40),
    ("testing", 40),
];

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path
                .file_name()
                .is_some_and(|name| name != "target" && !path.ends_with("tests/ui/cases"))
            {
                found.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn floor(module: &str) -> u8 {
    let known: BTreeMap<&str, u8> = FLOORS.into_iter().collect();
    *known
        .get(module)
        .unwrap_or_else(|| panic!("`{module}` has no floor: add it to the table"))
}

#[test]
fn every_file_imports_its_own_floor_or_a_lower_one() {
    let source = repository().join("mesos-iac/src");
    let mut wrong = Vec::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap();
        let module = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if matches!(module, "lib" | "bin") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        // What stands only under `#[cfg(test)]` may reach anywhere.
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for part in line.split("crate::").skip(1).filter(|_| !line.contains("$crate::")) {
                let target: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if FLOORS.iter().any(|(name, _)| *name == target) && floor(&target) > floor(module) {
                    wrong.push(format!("{}:{}: {line}", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "files that import a higher floor:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_has_a_floor() {
    for entry in fs::read_dir(repository().join("mesos-iac/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        if !matches!(module, "lib" | "bin") {
            floor(module);
        }
    }
}

#[test]
fn words_use_the_standard_library_and_serde_only() {
    for file in rust_files(&repository().join("mesos-iac/src/words")) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for line in text
            .lines()
            .filter(|line| line.starts_with("use ") || line.starts_with("pub use "))
        {
            let from = line.trim_start_matches("pub ").trim_start_matches("use ");
            let allowed = ["std::", "serde::", "super::", "crate::words"];
            let own = file.ends_with("mod.rs");
            assert!(
                own || allowed.iter().any(|prefix| from.starts_with(prefix)),
                "{}: {line}",
                file.display()
            );
        }
    }
}

#[test]
fn no_file_is_longer_than_600_lines() {
    let mut long = Vec::new();
    for directory in ["mesos-iac", "mesos-iac-macros", "examples", "tests"] {
        for file in rust_files(&repository().join(directory)) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            if lines > 600 {
                long.push(format!("{} has {lines} lines", file.display()));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_test_file_is_named_in_main() {
    let tests = repository().join("tests/it");
    for file in rust_files(&tests) {
        let (mut directory, mut module) = (file.parent().unwrap(), file.file_stem().unwrap());
        if module == "mod" {
            (directory, module) = (directory.parent().unwrap(), directory.file_name().unwrap());
        }
        let parent = directory.join(if directory == tests { "main.rs" } else { "mod.rs" });
        let module = module.to_str().unwrap();
        assert!(
            file == tests.join("main.rs") || fs::read_to_string(&parent).unwrap().contains(&format!("mod {module};")),
            "{module} is not named in {}",
            parent.display()
        );
    }
}

#[test]
fn the_top_level_is_what_the_project_says_it_is() {
    const ALLOWED: [&str; 23] = [
        ".cargo",
        ".ci",
        ".config",
        ".git",
        ".gitattributes",
        ".github",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "clippy.toml",
        "deny.toml",
        "examples",
        "mesos-iac",
        "mesos-iac-macros",
        "rustfmt.toml",
        "snapshots",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(repository()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(ALLOWED.contains(&name.as_str()), "`{name}` doesn't belong at the top");
    }
}

/// A test that was renamed would only be missing once somebody asks for the figure.
#[test]
fn each_mistake_of_the_list_has_its_test() {
    let script = fs::read_to_string(repository().join("tests/show.sh")).unwrap();
    let (_, list) = script.split_once("MISTAKES=(\n").unwrap();
    let (list, _) = list.split_once("\n)").unwrap();
    for line in list.lines() {
        let (module, test) = line.split_whitespace().next().unwrap().split_once("::").unwrap();
        let source = fs::read_to_string(repository().join(format!("tests/it/{module}.rs"))).unwrap();
        assert!(source.contains(&format!("fn {test}(")), "{module}::{test}");
    }
    let compiled = "tests/ui/cases/template_undefined_variable.rs";
    assert!(repository().join(compiled).is_file(), "{compiled}");
}

/// What shows a promise fails where nothing was measured: a tool was missing, or no test ran.
#[test]
fn a_promise_without_a_figure_is_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let tests = directory.path().join("tests");
    fs::create_dir(&tests).unwrap();
    fs::copy(repository().join("tests/show.sh"), tests.join("show.sh")).unwrap();
    let show = |cargo_says: &str, promise: &str| {
        let cargo = directory.path().join("cargo");
        write_program(&cargo, format!("#!/bin/sh\necho '{cargo_says}'\n").as_bytes());
        let path = format!("{}:/usr/bin:/bin", directory.path().display());
        let output = std::process::Command::new("bash")
            .arg(tests.join("show.sh"))
            .arg(promise)
            .env("PATH", path)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), told)
    };
    for promise in ["units", "engine", "kills", "lints", "saved-plan", "bad-input"] {
        let (shown, _) = show("nothing", promise);
        assert!(!shown, "{promise}");
    }
    let fails = "nothing'; exit 1; echo '";
    for promise in ["build", "edges"] {
        assert!(!show(fails, promise).0, "{promise}");
    }
    let (_, told) = show("units: 3 units", "units");
    assert!(told.contains("failed to take the figure of `units`"), "{told}");
    let ran = "test result: ok. 9 passed; 0 failed";
    assert_eq!(show(ran, "engine"), (true, String::new()));
}
