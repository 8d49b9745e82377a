//! The grammar that the attributes share.

use crate::errors::Errors;
use crate::names::suggest;
use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, Ident, Lit, Meta, Token};

/// The `key = value` pairs of all attributes of one name on one item.
pub(crate) struct Pairs {
    attribute: &'static str,
    known: &'static [&'static str],
    seen: Vec<Ident>,
}

impl Pairs {
    pub(crate) const fn new(attribute: &'static str, known: &'static [&'static str]) -> Self {
        Self {
            attribute,
            known,
            seen: Vec::new(),
        }
    }

    /// Reads one of the attributes. `value` gets each known key once and reads what follows its `=`.
    pub(crate) fn read(
        &mut self,
        attribute: &Attribute,
        errors: &mut Errors,
        mut value: impl FnMut(&str, ParseStream<'_>) -> syn::Result<()>,
    ) {
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| self.parse(input, errors, &mut value));
        errors.keep(parsed);
    }

    /// The pairs in a stream, which may have begun with something else.
    pub(crate) fn parse(
        &mut self,
        input: ParseStream<'_>,
        errors: &mut Errors,
        value: &mut impl FnMut(&str, ParseStream<'_>) -> syn::Result<()>,
    ) -> syn::Result<()> {
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            let name = key.to_string();
            let known = self.known.contains(&name.as_str());
            if !known {
                let hint = suggest(&name, self.known.iter().copied(), "");
                errors.at(
                    &key,
                    format!("`{name}` is no key of `#[{}(…)]`: {hint}", self.attribute),
                );
                if input.is_empty() || input.peek(Token![,]) {
                    comma(input)?;
                    continue;
                }
            }
            input.parse::<Token![=]>()?;
            if known && self.seen.contains(&key) {
                errors.at(&key, format!("`{name}` is given twice"));
                input.parse::<Expr>()?;
            } else if known {
                value(&name, input)?;
                self.seen.push(key);
            } else {
                input.parse::<Expr>()?;
            }
            comma(input)?;
        }
        Ok(())
    }
}

/// A comma between two pairs, or the end.
fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}

/// A name of the expansion's own, such as `self` or `host`, that errors show in this place.
///
/// A span says two things, where a token stands and what its name refers to. If a `macro_rules!` passed the tokens on, a
/// name that is spanned like them refers to something of the macro's caller. The price is a longer message, with the
/// derive in it; where one is likely, bind the value to a local name that is spanned like the user's tokens.
pub(crate) fn own(name: &str, place: Span) -> Ident {
    Ident::new(name, Span::call_site().located_at(place))
}

/// The attributes of this name.
pub(crate) fn named<'a>(attributes: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a Attribute> {
    attributes
        .iter()
        .filter(move |attribute| attribute.path().is_ident(name))
}

/// The named fields of a struct that isn't generic; none and one mistake for anything else.
pub(crate) fn named_fields<'a>(
    input: &'a DeriveInput,
    derive: &str,
    errors: &mut Errors,
) -> Option<&'a Punctuated<Field, Token![,]>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(&fields.named),
            Fields::Unit => return None,
            Fields::Unnamed(fields) => {
                errors.at(
                    fields,
                    format!("`#[derive({derive})]` needs a struct with named fields"),
                );
            }
        },
        Data::Enum(data) => errors.at(
            data.enum_token,
            format!("`#[derive({derive})]` needs a struct, not an enum"),
        ),
        Data::Union(data) => errors.at(
            data.union_token,
            format!("`#[derive({derive})]` needs a struct, not a union"),
        ),
    }
    None
}

/// Complains if the item has parameters: what is registered under one name must be one type.
pub(crate) fn refuse_generics(input: &DeriveInput, what: &str, errors: &mut Errors) -> bool {
    let generic = !input.generics.params.is_empty();
    if generic {
        errors.at(
            &input.generics,
            format!("{what} can't be generic, because it is registered under one name"),
        );
    }
    generic
}

/// The text of the doc comments.
pub(crate) fn doc_text(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let lines: Vec<String> = named(attributes, "doc")
        .filter_map(line)
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect();
    lines.join("\n")
}
