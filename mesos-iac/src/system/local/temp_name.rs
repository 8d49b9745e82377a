use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// How the names of our temporary files end. Editors' backups end in `~` too, and so everything that loads all files of a
/// directory (logrotate, apt, sudo, sysctl, cron) passes them over.
const SUFFIX: &str = ".mesos-iac~";

/// The longest name that Linux's file systems take.
const LONGEST: usize = 255;

/// A name for a temporary file beside the one of this name, which nobody can guess.
pub(super) fn temp_name(name: &str) -> Result<String, Errno> {
    let mut random = [0; 8];
    let filled = getrandom(&mut random, GetRandomFlags::empty())?;
    if filled < random.len() {
        return Err(Errno::AGAIN);
    }
    let rest = format!(".{:016x}{SUFFIX}", u64::from_ne_bytes(random));
    let mut length = name.len().min(LONGEST - 1 - rest.len());
    while !name.is_char_boundary(length) {
        length -= 1;
    }
    Ok(format!(".{}{rest}", name.get(..length).unwrap_or_default()))
}

/// Whether a file of this name is one of our temporary ones.
pub(super) fn is_temp_name(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hidden_recognised_and_never_the_same() {
        let (first, second) = (temp_name("zoo.cfg").unwrap(), temp_name("zoo.cfg").unwrap());
        assert!(first.starts_with(".zoo.cfg.") && first.ends_with('~'), "{first}");
        assert!(is_temp_name(&first) && !is_temp_name("zoo.cfg~"));
        assert_ne!(first, second);
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        for name in ["a".repeat(255), "ä".repeat(127)] {
            let temp = temp_name(&name).unwrap();
            assert!((254..=255).contains(&temp.len()), "{}", temp.len());
        }
    }
}
