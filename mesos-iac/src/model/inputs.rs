use serde_json::Value as Json;

/// What whoever runs the program adds to the definition: values of attributes, and where the hosts are.
///
/// Inputs shadow what the definition says. They are checked against the definition before anything else happens.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs {
    /// Attributes for all hosts.
    pub attributes: Vec<InputValue>,
    /// What is given for some hosts.
    pub hosts: Vec<HostInput>,
}

/// An attribute's value as it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct InputValue {
    /// The attribute's name.
    pub key: String,
    /// Its value.
    pub value: RawValue,
    /// The option, or the file and the line, it came by: `lab.toml:3`.
    pub origin: String,
}

/// A value that isn't typed yet.
#[derive(Debug, Clone, PartialEq)]
pub enum RawValue {
    /// Text, from the command line.
    Text(String),
    /// Data, from a file.
    Data(Json),
}

/// What is given for the hosts that a pattern matches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HostInput {
    /// The pattern.
    pub pattern: String,
    /// Their own address.
    pub address: Option<String>,
    /// Where the controller reaches them.
    pub connect: Option<String>,
    /// Who logs in.
    pub user: Option<String>,
    /// The port of their SSH server.
    pub port: Option<u16>,
    /// Attributes.
    pub attributes: Vec<InputValue>,
    /// The option or the file it came by. What sections of one file say of a host has to agree.
    pub origin: String,
    /// The line of the file on which it begins.
    pub line: Option<usize>,
}

impl HostInput {
    /// Where it stands: `lab.toml:3`.
    #[must_use]
    pub fn place(&self) -> String {
        let origin = &self.origin;
        self.line
            .map_or_else(|| origin.clone(), |line| format!("{origin}:{line}"))
    }
}
