//! `#[derive(Template)]` and `template!`: templates that are checked and embedded at compile time.

mod derive;
mod expression;
mod filters;
mod names;
mod references;
mod scan;
mod source;
mod spelled_out;
mod syntax;

pub(crate) use derive::do_derive;
pub(crate) use expression::do_expression;
pub(crate) use syntax::{BUILT_INS, has_its_own};

use crate::names::suggest;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use source::{Given, Use};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, Token};

impl Parse for Given {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::File(input.parse()?));
        }
        if !input.peek(Ident) {
            return Err(input.error("expected the name of a template in quotes, or `source = \"…\"`"));
        }
        let key: Ident = input.parse()?;
        if key != "source" {
            return Err(syn::Error::new(
                key.span(),
                "expected the name of a template in quotes, or `source = \"…\"`",
            ));
        }
        input.parse::<Token![=]>()?;
        Ok(Self::Inline(input.parse()?))
    }
}

/// The message that a variable is none of the names that `whose` has.
fn unknown_variable(used: &Use, whose: &str, known: &[&str]) -> String {
    let Use {
        template,
        line,
        variable,
    } = used;
    let hint = suggest(variable, known.iter().copied(), "it has no fields");
    format!("template `{template}`, line {line}, uses `{variable}`, which is no field of `{whose}`: {hint}")
}

/// Makes the template known to the program. `SOURCE` is in scope as the template, `fields` are the names it may use.
fn registration(given: &Given, fields: &TokenStream) -> TokenStream {
    let place = quote_spanned!(given.span()=> file: ::core::file!(), line: ::core::line!());
    quote! {
        ::mesos_iac::__private::inventory::submit! {
            ::mesos_iac::TemplateRegistration { source: SOURCE, fields: #fields, #place }
        }
    }
}
