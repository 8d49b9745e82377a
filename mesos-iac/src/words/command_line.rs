use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A program and its arguments, as a vector: no shell ever reads it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandLine(Vec<String>);

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLineError {
    /// There is no program.
    Empty,
    /// The program's name is empty or starts with `-`.
    Program(String),
    /// An argument has a NUL byte in it, which no program can receive.
    Nul(String),
}

impl fmt::Display for CommandLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a command needs a program: the list is empty"),
            Self::Program(name) => write!(f, "{name:?} is no program's name"),
            Self::Nul(argument) => write!(f, "argument {argument:?} has a NUL byte in it"),
        }
    }
}

impl std::error::Error for CommandLineError {}

impl CommandLine {
    /// The command with these words, the program first.
    ///
    /// # Errors
    /// There is no program, its name starts with `-`, or a word has a NUL byte in it.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<Self, CommandLineError> {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        let program = words.first().ok_or(CommandLineError::Empty)?;
        if program.is_empty() || program.starts_with('-') {
            return Err(CommandLineError::Program(program.clone()));
        }
        if let Some(word) = words.iter().find(|w| w.contains('\0')) {
            return Err(CommandLineError::Nul(word.clone()));
        }
        Ok(Self(words))
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The arguments, without the program.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        self.0.get(1..).unwrap_or_default()
    }
}

impl fmt::Display for CommandLine {
    /// As a POSIX shell would need it to be typed, for people to read and copy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                f.write_str(word)?;
            } else {
                write!(f, "'{}'", word.replace('\'', r"'\''"))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for CommandLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CommandLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::<String>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_people() {
        let line = CommandLine::new(["echo", "a b", "it's", "", "--x=/y"]).unwrap();
        assert_eq!(line.to_string(), r"echo 'a b' 'it'\''s' '' --x=/y");
    }

    #[test]
    fn empty_and_option_like_programs_are_refused() {
        assert_eq!(CommandLine::new::<&str>([]), Err(CommandLineError::Empty));
        assert!(CommandLine::new(["-rf"]).is_err());
        assert!(CommandLine::new([""]).is_err());
        assert!(CommandLine::new(["a", "b\0c"]).is_err());
    }
}
