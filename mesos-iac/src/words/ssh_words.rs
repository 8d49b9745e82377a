/// Characters that neither a host name nor a login needs, and that a shell would act on: the user's `ssh_config` may
/// hand both to one (`ProxyCommand … %h`, `Match exec … %r`).
const REFUSED: &str = "'\"`$\\;&<>|(){}*?!#~^=,/";

/// What an address has no use for. It needs ':' and '%': IPv6 and its zones.
pub(crate) const NOT_IN_ADDRESSES: &[char] = &['@'];
/// What a login has no use for. It may need '@': a directory's realm.
pub(crate) const NOT_IN_LOGINS: &[char] = &[':', '%'];

/// Ensures that a word of an SSH connection can be put on a command line and into a file of lines, and isn't taken for an
/// option. `foreign` are the characters that this sort of word has no use for.
///
/// # Errors
/// Why not, in words: it is empty, has a leading `-`, white space, control characters, characters outside ASCII, shell
/// characters, brackets or foreign ones.
pub(crate) fn check_command_line_word(value: &str, foreign: &[char]) -> Result<(), &'static str> {
    Err(if value.is_empty() {
        "it is empty"
    } else if value.len() > 255 {
        "it is longer than 255 bytes"
    } else if value.starts_with('-') {
        "it starts with '-' and would be taken for an option"
    } else if value.chars().any(char::is_whitespace) {
        "it contains white space"
    } else if value.chars().any(char::is_control) {
        "it contains a control character"
    } else if !value.is_ascii() {
        "it contains a character outside ASCII (write a DNS name in its xn-- form)"
    } else if value.contains(['[', ']']) {
        "it contains a bracket (write an IPv6 address without them)"
    } else if value.contains(|character| REFUSED.contains(character)) {
        "it contains a character with a meaning to a shell or to a known-hosts file"
    } else if value.contains(foreign) {
        "it contains '@', ':' or '%'"
    } else {
        return Ok(());
    })
}
