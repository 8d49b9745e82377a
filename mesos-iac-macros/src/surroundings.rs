use proc_macro2::Span;
use std::env;
use std::path::{Path, PathBuf};

/// What a macro knows of the crate that it is used in. The one place that reads the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    crate_name: String,
    manifest_dir: Option<PathBuf>,
}

impl Surroundings {
    /// What Cargo tells the compiler.
    pub(crate) fn of_compiler() -> Self {
        let crate_name = env::var("CARGO_CRATE_NAME")
            .or_else(|_| env::var("CARGO_PKG_NAME").map(|name| name.replace('-', "_")))
            .unwrap_or_else(|_| "program".to_owned());
        Self {
            crate_name,
            manifest_dir: env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        }
    }

    #[cfg(test)]
    pub(crate) fn of_test(crate_name: &str, manifest_dir: impl Into<PathBuf>) -> Self {
        Self {
            crate_name: crate_name.to_owned(),
            manifest_dir: Some(manifest_dir.into()),
        }
    }

    /// The crate's name, as its code would write it.
    pub(crate) fn crate_name(&self) -> &str {
        &self.crate_name
    }

    /// The directories in which templates that are named in this place are looked for, the first one first.
    pub(crate) fn template_dirs(&self, named_at: Span) -> Vec<PathBuf> {
        let mut dirs = Vec::new();
        let mut push = |dir: PathBuf| {
            // `include_str!` takes a relative path for one beside the source file; the compiler's is another.
            let dir = std::path::absolute(&dir).unwrap_or(dir);
            if !dirs.contains(&dir) {
                dirs.push(dir);
            }
        };
        if let Some(dir) = source_dir(named_at) {
            push(dir.join("templates"));
        }
        if let Some(dir) = &self.manifest_dir {
            for below in ["templates", "src/templates", "examples/templates"] {
                push(dir.join(below));
            }
        }
        dirs
    }
}

/// The directory of the source file, if the compiler knows one: an editor's server may not.
fn source_dir(span: Span) -> Option<PathBuf> {
    if !proc_macro::is_available() {
        return None;
    }
    Some(span.unwrap().local_file()?.parent()?.to_owned())
}

/// The path as people read it: short where it lies below the directory in which the compiler runs.
pub(crate) fn shown(path: &Path) -> String {
    let here = env::current_dir().ok();
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    short.as_deref().unwrap_or(path).display().to_string()
}
