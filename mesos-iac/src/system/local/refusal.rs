use crate::model::SystemError;
use crate::words::AbsPath;
use rustix::io::Errno;
use std::io;

/// The kernel's reason in words, without the number that the standard library adds for programmers.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => {
            let mut letters = words.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
        None => text,
    }
}

/// The error that `action` on `path` was refused by the kernel.
pub(super) fn refused(action: &str, path: &AbsPath, error: Errno) -> SystemError {
    because(action, path, reason(&error.into()))
}

/// The error that `action` on `path` isn't possible.
pub(super) fn because(action: &str, path: &AbsPath, why: impl Into<String>) -> SystemError {
    SystemError::Path {
        action: action.to_owned(),
        path: path.clone(),
        why: why.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_as_the_end_of_a_sentence() {
        let path = AbsPath::new("/etc/a").unwrap();
        assert_eq!(
            refused("open", &path, Errno::ACCESS).to_string(),
            "open /etc/a: permission denied"
        );
    }
}
