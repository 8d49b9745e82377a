//! The derive macros of `mesos-iac`, which re-exports them; use them from there.
//!
//! Each macro is a function from tokens to tokens and mistakes in a file of its own; this file only hands tokens over.
//! What they emit calls public items of `mesos-iac` by absolute paths, so that whatever a derive does can be written by
//! hand too.

mod attributes;
mod attrs;
mod condition;
mod errors;
#[cfg(test)]
mod expand;
mod hosts;
mod names;
mod pattern;
mod resource;
mod role;
mod surroundings;
mod template;

use crate::errors::Errors;
use crate::surroundings::Surroundings;
use proc_macro::TokenStream;
use quote::quote;

#[doc = include_str!("../docs/attributes.md")]
#[proc_macro_derive(Attributes, attributes(attributes, attr))]
pub fn derive_attributes(input: TokenStream) -> TokenStream {
    output(attributes::do_attributes(input.into()))
}

#[doc = include_str!("../docs/role.md")]
#[proc_macro_derive(Role, attributes(role, resource, include, expose, after))]
pub fn derive_role(input: TokenStream) -> TokenStream {
    output(role::do_role(input.into(), &Surroundings::of_compiler()))
}

#[doc = include_str!("../docs/resource.md")]
#[proc_macro_derive(Resource, attributes(resource))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    output(resource::do_resource(input.into()))
}

#[doc = include_str!("../docs/hosts.md")]
#[proc_macro_derive(Hosts, attributes(host))]
pub fn derive_hosts(input: TokenStream) -> TokenStream {
    output(hosts::do_hosts(input.into()))
}

#[doc = include_str!("../docs/template_derive.md")]
#[proc_macro_derive(Template, attributes(template))]
pub fn derive_template(input: TokenStream) -> TokenStream {
    output(template::do_derive(input.into(), &Surroundings::of_compiler()))
}

#[doc = include_str!("../docs/template.md")]
#[proc_macro]
pub fn template(input: TokenStream) -> TokenStream {
    let (tokens, errors) = template::do_expression(input.into(), &Surroundings::of_compiler());
    // An expression takes the place of the call, so the mistakes have to stand inside one.
    quote!({ #errors #tokens }).into()
}

fn output((tokens, errors): (proc_macro2::TokenStream, Errors)) -> TokenStream {
    quote!(#tokens #errors).into()
}
