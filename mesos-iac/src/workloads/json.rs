use serde_json::{Map, Value as Json};

/// A JSON object in the making, which leaves out what isn't set.
#[derive(Default)]
pub(super) struct Object(Map<String, Json>);

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Json>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a field if there is a value for it.
    pub(super) fn set_some(&mut self, name: &str, value: Option<impl Into<Json>>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// Adds a list unless it is empty.
    pub(super) fn set_list(&mut self, name: &str, items: impl IntoIterator<Item = Json>) -> &mut Self {
        let items: Vec<Json> = items.into_iter().collect();
        if !items.is_empty() {
            self.set(name, items);
        }
        self
    }

    pub(super) fn done(self) -> Json {
        Json::Object(self.0)
    }
}

/// A number as people write it: 128 and not 128.0, whole numbers being what most of them are.
pub(super) fn number(value: f64) -> Json {
    #[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
    let whole = value as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "a value that differs isn't whole"
    )]
    if value.abs() < 1e15 && whole as f64 == value {
        return whole.into();
    }
    serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number)
}

/// Pairs of texts as an object.
pub(super) fn texts<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Json {
    let fields = pairs
        .into_iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()));
    Json::Object(fields.collect())
}
