//! How much a template may make, and what a filter would make of its arguments.

use minijinja::Value;
use minijinja::value::{Kwargs, ValueKind};

/// How many bytes a template may print, what macros and blocks pass on included, and how large any text in it may be.
pub(super) const MAX_TEXT: usize = 64 << 20;

/// How many items a list may have that a filter works on or makes.
pub(super) const MAX_ITEMS: usize = 1_000_000;

/// How many bytes of a template's own text may be repeated. Text inside a `set` block is seen by nobody as it is made, so
/// that the steps that repeat it are counted instead.
const MAX_REPEATED: usize = 1 << 30;

/// What is more than one template may make, in words.
pub(super) fn too_long(what: &str) -> String {
    format!("{what} more than {} MiB of text, which is the most", MAX_TEXT >> 20)
}

/// How many steps these templates may take: enough for files of megabytes, not for an endless loop. The longer the pieces
/// that a step can print, the fewer.
pub(super) fn fuel<'t>(texts: impl Iterator<Item = &'t str>) -> u64 {
    let longest = texts.map(longest_piece).max().unwrap_or_default();
    let steps = MAX_REPEATED / longest.max(1);
    u64::try_from(steps.clamp(1_000_000, 50_000_000)).unwrap_or(u64::MAX)
}

fn longest_piece(text: &str) -> usize {
    // A raw block holds braces that are text.
    if text.contains("endraw") {
        return text.len();
    }
    text.split("{{")
        .flat_map(|part| part.split("{%"))
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// Whether the filter would make a text or a list that is too large of these arguments, or has to read one. Rather a bit
/// too much than too little is estimated.
pub(super) fn is_too_large(filter: &str, arguments: &[Value]) -> bool {
    if arguments
        .iter()
        .any(|value| text_length(value) > MAX_TEXT || items(value) > MAX_ITEMS)
    {
        return true;
    }
    let first = arguments.first();
    let length = first.map_or(0, text_length);
    let estimate = match filter {
        "indent" => {
            let lines = first.and_then(Value::as_str).map_or(1, |text| text.split('\n').count());
            lines
                .saturating_mul(number(arguments, 1, "width").saturating_add(1))
                .saturating_add(length)
        }
        "replace" => {
            let from = text(arguments, 1).unwrap_or_default();
            let to = text(arguments, 2).unwrap_or_default();
            let times = first
                .and_then(Value::as_str)
                .map_or(0, |text| text.matches(from).count());
            times.saturating_mul(to.len()).saturating_add(length)
        }
        "join" => {
            let between =
                text(arguments, 1).map_or_else(|| named(arguments, "d").map_or(0, |d| text_length(&d)), str::len);
            let list = first.and_then(|list| list.try_iter().ok());
            let texts = list.into_iter().flatten().take(MAX_ITEMS);
            texts.fold(0_usize, |sum, item| {
                sum.saturating_add(text_length(&item)).saturating_add(between)
            })
        }
        "format" => format_length(arguments),
        "tojson" => number(arguments, 1, "indent").saturating_mul(1 << 12),
        "batch" | "slice" => return number(arguments, 1, "") > MAX_ITEMS,
        _ => return false,
    };
    estimate > MAX_TEXT
}

/// All widths and precisions, and all arguments, added up.
fn format_length(arguments: &[Value]) -> usize {
    let format = text(arguments, 0).unwrap_or_default();
    let widths = format
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .map(|digits| digits.parse().unwrap_or(usize::MAX));
    let computed = format.contains('*');
    let values = arguments.iter().map(|value| match value.as_usize() {
        Some(width) if computed => width,
        _ => text_length(value),
    });
    widths.chain(values).fold(0, usize::saturating_add)
}

fn text(arguments: &[Value], index: usize) -> Option<&str> {
    arguments.get(index)?.as_str()
}

/// The number at this place, or under this name.
fn number(arguments: &[Value], index: usize, name: &str) -> usize {
    let value = arguments.get(index).and_then(Value::as_usize);
    value.or_else(|| named(arguments, name)?.as_usize()).unwrap_or_default()
}

fn named(arguments: &[Value], name: &str) -> Option<Value> {
    let named = Kwargs::try_from(arguments.last()?.clone()).ok()?;
    named.peek::<Option<Value>>(name).ok()?
}

/// Bytes of a text; 0 of anything else.
pub(super) fn text_length(value: &Value) -> usize {
    match value.kind() {
        ValueKind::String | ValueKind::Bytes => value.as_bytes().map_or(0, <[u8]>::len),
        _ => 0,
    }
}

fn items(value: &Value) -> usize {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => value.len().unwrap_or_default(),
        _ => 0,
    }
}
