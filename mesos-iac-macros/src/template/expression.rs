use super::registration;
use super::source::{Given, Loaded, Use, load};
use super::syntax::BUILT_INS;
use crate::attrs::own;
use crate::errors::Errors;
use crate::surroundings::Surroundings;
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Token, Type};

/// What `template!("file.j2", Lab)` says.
struct Call {
    given: Given,
    attributes: Type,
}

impl Parse for Call {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let given: Given = input.parse()?;
        if input.is_empty() {
            let message = "name the attributes that the template may use: `template!(\"file.j2\", Lab)`";
            return Err(syn::Error::new(given.span(), message));
        }
        input.parse::<Token![,]>()?;
        let attributes = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { given, attributes })
    }
}

pub(crate) fn do_expression(input: TokenStream, surroundings: &Surroundings) -> (TokenStream, Errors) {
    let mut errors = Errors::default();
    let loaded = errors.keep(syn::parse2::<Call>(input)).and_then(|call| {
        let dirs = surroundings.template_dirs(call.given.span());
        let loaded = load(&call.given, "inline", &dirs, &mut errors)?;
        Some((call, loaded))
    });
    match loaded {
        Some((call, loaded)) if errors.is_empty() => (expand(&call, &loaded), errors),
        _ => (stand_in(), errors),
    }
}

fn expand(call: &Call, loaded: &Loaded) -> TokenStream {
    let Call { given, attributes } = call;
    let (source, span) = (&loaded.source, given.span());
    let of_attributes: Vec<&Use> = loaded
        .uses
        .iter()
        .filter(|used| !BUILT_INS.contains(&used.variable.as_str()))
        .collect();
    // The attributes are another type, which a macro can't look into; constants are checked by the compiler.
    let checks = of_attributes.iter().map(|used| {
        let Use {
            template,
            line,
            variable,
        } = used;
        let whose = attributes.to_token_stream().to_string();
        let message = format!("template `{template}`, line {line}, uses `{variable}`, which is no field of `{whose}`");
        quote_spanned! {span=>
            const _: () = if !::mesos_iac::__private::has_field(FIELDS, #variable) { ::core::panic!(#message) };
        }
    });
    let mut variables: Vec<&str> = of_attributes.iter().map(|used| used.variable.as_str()).collect();
    variables.sort_unstable();
    variables.dedup();
    let fields = quote_spanned!(attributes.span()=> <#attributes as ::mesos_iac::Attributes>::FIELDS);
    // A closure, because a pointer to a function that tracks its caller would report the derive as the caller.
    let (host, field) = (own("host", span), own("field", span));
    let read = quote_spanned!(span=> <#attributes as ::mesos_iac::Attributes>::field(#host, #field));
    let registration = registration(given, &quote!(FIELDS));
    quote! {
        {
            const FIELDS: &[&::core::primitive::str] = #fields;
            const SOURCE: ::mesos_iac::TemplateSource = #source;
            #(#checks)*
            #registration
            ::mesos_iac::AttributeTemplate {
                source: SOURCE,
                fields: &[#(#variables),*],
                field: |#host, #field| #read,
            }
        }
    }
}

/// What stands in for the value after a mistake, so that the call around it shows no second error.
fn stand_in() -> TokenStream {
    quote! {
        ::mesos_iac::AttributeTemplate {
            source: ::mesos_iac::TemplateSource { name: "", text: "", includes: &[] },
            fields: &[],
            field: |_, _| ::core::unreachable!(),
        }
    }
}
