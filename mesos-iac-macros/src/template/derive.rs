use super::source::{Given, Loaded, load};
use super::syntax::has_its_own;
use super::{registration, unknown_variable};
use crate::attrs::{named, named_fields, own};
use crate::errors::Errors;
use crate::surroundings::Surroundings;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Field};

pub(crate) fn do_derive(input: TokenStream, surroundings: &Surroundings) -> (TokenStream, Errors) {
    let mut errors = Errors::default();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(input)) else {
        return (TokenStream::new(), errors);
    };
    // A unit struct is the context of a template without variables.
    let fields: Vec<&Field> = named_fields(&input, "Template", &mut errors)
        .into_iter()
        .flatten()
        .collect();
    let has_fields = errors.is_empty();
    let given = read(&input, &mut errors);
    let loaded = given.as_ref().and_then(|given| {
        let dirs = surroundings.template_dirs(given.span());
        load(given, &input.ident.to_string(), &dirs, &mut errors)
    });
    let (Some(given), Some(loaded)) = (given, loaded) else {
        return (stand_in(&input), errors);
    };
    for ident in fields.iter().filter_map(|field| field.ident.as_ref()) {
        let name = ident.unraw().to_string();
        if has_its_own(&name) {
            errors.at(
                ident,
                format!(
                    "every template has a `{name}` of its own, so that this field couldn't be used: name it otherwise"
                ),
            );
        }
    }
    let names = field_names(&fields);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let unknown = loaded
        .uses
        .iter()
        .filter(|used| has_fields && !known.contains(&used.variable.as_str()));
    for used in unknown {
        errors.at_span(given.span(), unknown_variable(used, &input.ident.to_string(), &known));
    }
    if errors.is_empty() {
        (expand(&input, &fields, &given, &loaded), errors)
    } else {
        (stand_in(&input), errors)
    }
}

fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Given> {
    let mut attributes = named(&input.attrs, "template");
    let Some(attribute) = attributes.next() else {
        errors.at(
            &input.ident,
            "name the template: `#[template(\"file.j2\")]`, or write it here: `#[template(source = \"…\")]`",
        );
        return None;
    };
    for again in attributes {
        errors.at(again, "one struct is the context of one template");
    }
    errors.keep(attribute.parse_args())
}

fn field_names(fields: &[&Field]) -> Vec<String> {
    fields
        .iter()
        .filter_map(|field| Some(field.ident.as_ref()?.unraw().to_string()))
        .collect()
}

fn expand(input: &DeriveInput, fields: &[&Field], given: &Given, loaded: &Loaded) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let source = &loaded.source;
    let names = field_names(fields);
    let values = fields.iter().zip(&names).map(|(field, name)| {
        let (this, member) = (own("self", field.ty.span()), &field.ident);
        quote_spanned!(field.ty.span()=> (#name, {
            let value = &#this.#member;
            ::mesos_iac::template_value(#name, value)?
        }))
    });
    let registration = registration(given, &quote!(&[#(#names),*]));
    quote! {
        const _: () = {
            const SOURCE: ::mesos_iac::TemplateSource = #source;

            #[automatically_derived]
            impl #impl_generics ::mesos_iac::Template for #ident #ty_generics #where_clause {
                const SOURCE: ::mesos_iac::TemplateSource = SOURCE;

                fn context(
                    &self,
                ) -> ::mesos_iac::Result<
                    ::std::vec::Vec<(&'static ::core::primitive::str, ::mesos_iac::__private::serde_json::Value)>,
                > {
                    ::core::result::Result::Ok(::std::vec![#(#values),*])
                }
            }

            #registration
        };
    }
}

/// What stands in for the impl after a mistake, so that code which uses the template shows no second error.
fn stand_in(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics ::mesos_iac::Template for #ident #ty_generics #where_clause {
            const SOURCE: ::mesos_iac::TemplateSource = ::mesos_iac::TemplateSource {
                name: "",
                text: "",
                includes: &[],
            };

            fn context(
                &self,
            ) -> ::mesos_iac::Result<
                ::std::vec::Vec<(&'static ::core::primitive::str, ::mesos_iac::__private::serde_json::Value)>,
            > {
                ::core::unreachable!()
            }
        }
    }
}
