/// The commands of a piece of shell, each as its words: split where `;`, `&`, `|` and line ends stand outside of quotes.
///
/// Quotes are taken away; `$(…)` and backticks stay within their word as they stand. A redirection is a word of its own
/// (`>`, `2>>`), its target the next. Comments are left out. Close enough to a shell to see what is started with what.
pub(in super::super) fn commands(text: &str) -> Vec<Vec<String>> {
    let mut reader = Reader::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(next) => reader.push(next),
            },
            '\'' => {
                reader.begin();
                chars.by_ref().take_while(|c| *c != '\'').for_each(|c| reader.push(c));
            }
            '"' => {
                reader.begin();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match (c, chars.peek()) {
                        ('\\', Some('"' | '\\' | '`')) => reader.push_all(chars.next()),
                        _ => reader.push(c),
                    }
                }
            }
            '`' => {
                reader.push('`');
                chars.by_ref().take_while(|c| *c != '`').for_each(|c| reader.push(c));
                reader.push('`');
            }
            '$' if chars.peek() == Some(&'(') => {
                reader.push('$');
                let mut depth = 0;
                for c in chars.by_ref() {
                    reader.push(c);
                    depth += match c {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
                    if depth == 0 {
                        break;
                    }
                }
            }
            '#' if reader.word.is_none() => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            '>' => {
                // Digits right before it are a part of it.
                let number = reader
                    .word
                    .take_if(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
                reader.end_word();
                number.into_iter().for_each(|digits| reader.push_all(digits.chars()));
                reader.push('>');
                while let Some(next) = chars.next_if(|c| matches!(c, '>' | '&' | '|')) {
                    reader.push(next);
                }
                reader.end_word();
            }
            ';' | '&' | '|' | '\n' => reader.end_command(),
            c if c.is_whitespace() => reader.end_word(),
            c => reader.push(c),
        }
    }
    reader.end_command();
    reader.commands
}

/// The words of one command.
pub(in super::super) fn words(text: &str) -> Vec<String> {
    commands(text).concat()
}

/// The words from the program on: what runs it for another user, with other variables or at another pace is left out, and
/// so are the marks that systemd allows before it.
pub(in super::super) fn from_program(words: &[String]) -> &[String] {
    let mut words = words;
    while let [first, rest @ ..] = words {
        let goes_before = matches!(
            base(first),
            "sudo" | "exec" | "env" | "nohup" | "nice" | "ionice" | "then" | "do" | "else" | "if" | "!"
        ) || (first.starts_with('-') && !rest.is_empty() && !first.contains('/'))
            || is_assignment(first);
        if !goes_before {
            break;
        }
        words = rest;
    }
    words
}

/// The program's name, without its directory and without the marks of systemd.
pub(in super::super) fn base(word: &str) -> &str {
    let word = word.trim_start_matches(['-', '@', '+', '!', ':']);
    word.rsplit('/').next().unwrap_or(word)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[derive(Default)]
struct Reader {
    word: Option<String>,
    words: Vec<String>,
    commands: Vec<Vec<String>>,
}

impl Reader {
    fn begin(&mut self) {
        self.word.get_or_insert_default();
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn push_all(&mut self, chars: impl IntoIterator<Item = char>) {
        chars.into_iter().for_each(|c| self.push(c));
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_splits_it() {
        assert_eq!(
            commands("a 'b c' \"d $(e f)\" g\\ h; i | j && k # l"),
            [vec!["a", "b c", "d $(e f)", "g h"], vec!["i"], vec!["j"], vec!["k"]]
        );
        assert_eq!(
            words("x --y=$(cat /etc/z w) `q r`"),
            ["x", "--y=$(cat /etc/z w)", "`q r`"]
        );
        assert_eq!(words("a \\\n  b ''"), ["a", "b", ""]);
        assert_eq!(words("a#b #c"), ["a#b"]);
    }

    #[test]
    fn a_redirection_is_a_word() {
        assert_eq!(
            words("make >/etc/x 2>>/var/log/y 3"),
            ["make", ">", "/etc/x", "2>>", "/var/log/y", "3"]
        );
        assert_eq!(words("make >&2"), ["make", ">&", "2"]);
    }

    #[test]
    fn the_program_comes_after_what_runs_it() {
        let program = |line: &str| from_program(&words(line)).join(" ");
        assert_eq!(program("sudo -n A=b /sbin/iptables -F"), "/sbin/iptables -F");
        assert_eq!(program("exec /usr/bin/marathon"), "/usr/bin/marathon");
        assert_eq!(base("-/usr/bin/rm"), "rm");
        assert_eq!(base("@rm"), "rm");
    }
}
