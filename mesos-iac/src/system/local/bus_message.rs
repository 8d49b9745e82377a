//! D-Bus messages, as far as talking to systemd needs them: calls with strings and a unit's properties, and answers of one
//! value.

/// A property's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    /// Of a type that we don't read.
    Other,
}

/// What came back for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The serial number of the call.
    pub to: u32,
    /// The value, or the error's name and text.
    pub outcome: Result<Value, (String, String)>,
}

/// A message that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    Answer(Answer),
    /// Something else, such as a signal.
    Other,
}

/// A call: whom, where, what, with which arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct MethodCall<'a> {
    pub destination: &'a str,
    pub path: &'a str,
    pub interface: &'a str,
    pub member: &'a str,
    pub arguments: &'a [Argument<'a>],
}

/// An argument of a call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Argument<'a> {
    Text(&'a str),
    /// The properties of a unit.
    Properties(&'a [(&'a str, Property<'a>)]),
    /// No other units that come with a unit.
    NoUnits,
}

/// A property's value that we set.
#[derive(Debug, Clone, Copy)]
pub(super) enum Property<'a> {
    Text(&'a str),
    Numbers(&'a [u32]),
    Microseconds(u64),
}

impl Argument<'_> {
    const fn signature(&self) -> &'static str {
        match self {
            Self::Text(_) => "s",
            Self::Properties(_) => "a(sv)",
            Self::NoUnits => "a(sa(sv))",
        }
    }
}

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// The length of the part of a message that tells how long the rest is.
pub(super) const PREAMBLE: usize = 16;

impl MethodCall<'_> {
    /// The message's bytes, in little-endian order.
    pub(super) fn encode(&self, serial: u32) -> Vec<u8> {
        let mut body = Writer(Vec::new());
        for argument in self.arguments {
            body.argument(argument);
        }
        let mut fields = Writer(Vec::new());
        let signature: String = self.arguments.iter().map(Argument::signature).collect();
        fields.field(PATH, "o", self.path);
        fields.field(INTERFACE, "s", self.interface);
        fields.field(MEMBER, "s", self.member);
        fields.field(DESTINATION, "s", self.destination);
        if !signature.is_empty() {
            fields.field(SIGNATURE, "g", &signature);
        }
        let mut message = Writer(vec![b'l', METHOD_CALL, 0, 1]);
        message.number(body.0.len());
        message.0.extend(serial.to_le_bytes());
        message.number(fields.0.len());
        message.0.extend(fields.0);
        message.pad(8);
        message.0.extend(body.0);
        message.0
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn pad(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, number: usize) {
        self.pad(4);
        // Our messages are some hundred bytes long.
        self.0.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn argument(&mut self, argument: &Argument<'_>) {
        match argument {
            Argument::Text(text) => self.text(text),
            Argument::NoUnits => self.array(8, |_| {}),
            Argument::Properties(properties) => self.array(8, |array| {
                for (name, value) in *properties {
                    array.pad(8);
                    array.text(name);
                    array.variant(value);
                }
            }),
        }
    }

    fn variant(&mut self, value: &Property<'_>) {
        match value {
            Property::Text(text) => {
                self.signature("s");
                self.text(text);
            }
            Property::Numbers(numbers) => {
                self.signature("au");
                self.array(4, |array| {
                    for number in *numbers {
                        array.0.extend(number.to_le_bytes());
                    }
                });
            }
            Property::Microseconds(number) => {
                self.signature("t");
                self.pad(8);
                self.0.extend(number.to_le_bytes());
            }
        }
    }

    /// An array whose elements start at multiples of `alignment`. Its length doesn't count the padding before the first.
    fn array(&mut self, alignment: usize, elements: impl FnOnce(&mut Self)) {
        self.pad(4);
        let length_at = self.0.len();
        self.number(0);
        self.pad(alignment);
        let first = self.0.len();
        elements(self);
        let length = u32::try_from(self.0.len() - first).unwrap_or(u32::MAX);
        if let Some(place) = self.0.get_mut(length_at..length_at + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, signature: &str) {
        self.0.push(u8::try_from(signature.len()).unwrap_or(u8::MAX));
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }

    fn field(&mut self, code: u8, signature: &str, value: &str) {
        // The array of fields starts at a multiple of eight, so that padding within it is padding within the message.
        self.pad(8);
        self.0.push(code);
        self.signature(signature);
        if signature == "g" {
            self.signature(value);
        } else {
            self.text(value);
        }
    }
}

/// How many bytes follow the preamble; none: that is no message.
pub(super) fn length_of_rest(preamble: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(preamble)?;
    reader.at = 4;
    let body = reader.number()?;
    reader.at = 12;
    let fields = reader.number()?;
    usize::try_from(fields)
        .ok()?
        .checked_next_multiple_of(8)?
        .checked_add(usize::try_from(body).ok()?)
}

/// Reads a message; none: it is no message.
pub(super) fn decode(message: &[u8]) -> Option<Message> {
    let kind = *message.get(1)?;
    if kind != METHOD_RETURN && kind != ERROR {
        return Some(Message::Other);
    }
    let mut reader = Reader::new(message)?;
    reader.at = 12;
    let fields_end = PREAMBLE.checked_add(usize::try_from(reader.number()?).ok()?)?;
    let (mut to, mut error, mut signature) = (None, String::new(), String::new());
    while reader.at < fields_end {
        reader.pad(8);
        let code = reader.byte()?;
        match (code, reader.signature()?.as_str()) {
            (REPLY_SERIAL, "u") => to = Some(reader.number()?),
            (ERROR_NAME, "s") => error = reader.text()?,
            (SIGNATURE, "g") => signature = reader.signature()?,
            (_, "s" | "o") => drop(reader.text()?),
            (_, "g") => drop(reader.signature()?),
            (_, "u") => drop(reader.number()?),
            _ => return None,
        }
    }
    reader.at = fields_end;
    reader.pad(8);
    let outcome = if kind == ERROR {
        let text = if signature.starts_with('s') {
            reader.text()?
        } else {
            String::new()
        };
        Err((error, text))
    } else {
        Ok(reader.value(&signature)?)
    };
    Some(Message::Answer(Answer { to: to?, outcome }))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    is_little: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_little = match bytes.first()? {
            b'l' => true,
            b'B' => false,
            _ => return None,
        };
        Some(Self {
            bytes,
            at: 0,
            is_little,
        })
    }

    const fn pad(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u32> {
        self.pad(4);
        let bytes = self.take(4)?.try_into().ok()?;
        Some(if self.is_little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        self.terminated(length)
    }

    fn signature(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        self.terminated(length)
    }

    fn terminated(&mut self, length: usize) -> Option<String> {
        let text = std::str::from_utf8(self.take(length)?).ok()?.to_owned();
        (self.byte()? == 0).then_some(text)
    }

    fn value(&mut self, signature: &str) -> Option<Value> {
        match signature {
            "s" | "o" => self.text().map(Value::Text),
            "b" => self.number().map(|number| Value::Flag(number != 0)),
            "v" => {
                // A variant in a variant could go on for ever.
                let inner = self.signature()?;
                if inner == "v" {
                    Some(Value::Other)
                } else {
                    self.value(&inner)
                }
            }
            _ => Some(Value::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: u8, to: u32, signature: &str, error: Option<&str>, body: &[u8]) -> Vec<u8> {
        let mut fields = Writer(Vec::new());
        fields.0.push(REPLY_SERIAL);
        fields.signature("u");
        fields.number(to as usize);
        fields.field(SIGNATURE, "g", signature);
        if let Some(error) = error {
            fields.field(ERROR_NAME, "s", error);
        }
        let mut message = Writer(vec![b'l', kind, 0, 1]);
        message.number(body.len());
        message.number(7);
        message.number(fields.0.len());
        message.0.extend(fields.0);
        message.pad(8);
        message.0.extend(body);
        message.0
    }

    fn outcome(message: &[u8]) -> Result<Value, (String, String)> {
        match decode(message).unwrap() {
            Message::Answer(answer) => answer.outcome,
            Message::Other => panic!("that is no answer"),
        }
    }

    #[test]
    fn a_call_has_the_form_of_the_specification() {
        let call = MethodCall {
            destination: "a.b",
            path: "/",
            interface: "c.d",
            member: "Get",
            arguments: &[Argument::Text("x")],
        };
        let bytes = call.encode(3);
        assert_eq!(&bytes[..12], b"l\x01\x00\x01\x06\x00\x00\x00\x03\x00\x00\x00");
        assert_eq!(&bytes[16..26], b"\x01\x01o\x00\x01\x00\x00\x00/\x00");
        assert_eq!(bytes.len(), PREAMBLE + length_of_rest(&bytes[..PREAMBLE]).unwrap());
        assert!(bytes.ends_with(b"\x01\x00\x00\x00x\x00"));
        assert_eq!(decode(&bytes), Some(Message::Other));
    }

    #[test]
    fn properties_have_the_form_of_the_specification() {
        let properties = [
            ("P", Property::Numbers(&[7, 8])),
            ("T", Property::Microseconds(9)),
            ("D", Property::Text("d")),
        ];
        let mut body = Writer(Vec::new());
        body.argument(&Argument::Properties(&properties));
        body.argument(&Argument::NoUnits);
        // The length, and padding to the first element at a multiple of eight.
        let mut expected = b"\x42\0\0\0\0\0\0\0".to_vec();
        expected.extend(b"\x01\0\0\0P\0\x02au\0\0\0\x08\0\0\0\x07\0\0\0\x08\0\0\0");
        expected.extend(b"\x01\0\0\0T\0\x01t\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0");
        expected.extend(b"\x01\0\0\0D\0\x01s\0\0\0\0\x01\0\0\0d\0");
        // An empty array, behind padding.
        expected.extend(b"\0\0\0\0\0\0");
        assert_eq!(body.0, expected);
    }

    #[test]
    fn answers_are_read() {
        let text = answer(METHOD_RETURN, 5, "v", None, b"\x01s\x00\x00\x06\x00\x00\x00active\x00");
        let expected = Answer {
            to: 5,
            outcome: Ok(Value::Text("active".into())),
        };
        assert_eq!(decode(&text), Some(Message::Answer(expected)));
        assert_eq!(text.len(), PREAMBLE + length_of_rest(&text).unwrap());
        assert_eq!(
            outcome(&answer(METHOD_RETURN, 5, "v", None, b"\x01b\x00\x00\x01\x00\x00\x00")),
            Ok(Value::Flag(true))
        );
        assert_eq!(
            outcome(&answer(ERROR, 5, "s", Some("a.No"), b"\x02\x00\x00\x00no\x00")),
            Err(("a.No".into(), "no".into()))
        );
        assert_eq!(
            outcome(&answer(METHOD_RETURN, 5, "as", None, b"\x00\x00\x00\x00")),
            Ok(Value::Other)
        );
    }

    #[test]
    fn damaged_messages_are_none() {
        let whole = answer(METHOD_RETURN, 5, "v", None, b"\x01s\x00\x00\x06\x00\x00\x00active\x00");
        for length in 0..whole.len() {
            assert_eq!(decode(&whole[..length]), None, "{length}");
        }
        for index in 2..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 0xff;
            // Whatever it is read as, it is read without a panic and in bounds.
            let _read = (decode(&damaged), length_of_rest(&damaged));
        }
    }
}
