use crate::attrs::{named, refuse_generics};
use crate::errors::Errors;
use crate::pattern;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Data, DeriveInput, Ident, LitStr, Token, Variant};

/// What `#[host("pattern", method(arguments), …)]` says.
struct Spec {
    pattern: LitStr,
    calls: Vec<(Ident, TokenStream)>,
}

impl Parse for Spec {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(LitStr) {
            return Err(input.error("expected the name of a host or a pattern, such as \"web-[1-3]\""));
        }
        let pattern = input.parse()?;
        let mut calls = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let method: Ident = input.parse()?;
            if !input.peek(syn::token::Paren) {
                let message = format!("expected `{method}(…)`: a method of `mesos_iac::Hosts` with its arguments");
                return Err(syn::Error::new(method.span(), message));
            }
            let arguments;
            syn::parenthesized!(arguments in input);
            calls.push((method, arguments.parse()?));
        }
        Ok(Self { pattern, calls })
    }
}

pub(crate) fn do_hosts(input: TokenStream) -> (TokenStream, Errors) {
    let mut errors = Errors::default();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(input)) else {
        return (TokenStream::new(), errors);
    };
    let Data::Enum(data) = &input.data else {
        errors.at(
            &input.ident,
            "`#[derive(Hosts)]` needs an enum: each variant names a host or several",
        );
        return (stand_in(&input), errors);
    };
    refuse_generics(&input, "a list of hosts", &mut errors);
    if data.variants.is_empty() {
        errors.at(
            &input.ident,
            "there are no hosts: add a variant, such as `#[host(\"web-[1-3]\")] Web`",
        );
    }
    let specs: Vec<(&Ident, Spec)> = data
        .variants
        .iter()
        .filter_map(|variant| Some((&variant.ident, read(variant, &mut errors)?)))
        .collect();
    if errors.is_empty() {
        (expand(&input, &specs), errors)
    } else {
        (stand_in(&input), errors)
    }
}

fn read(variant: &Variant, errors: &mut Errors) -> Option<Spec> {
    if !variant.fields.is_empty() {
        errors.at(&variant.fields, "a variant that names hosts has no fields");
    }
    let mut attributes = named(&variant.attrs, "host");
    let Some(attribute) = attributes.next() else {
        errors.at(
            &variant.ident,
            "say which hosts these are: `#[host(\"name-or-pattern\")]`",
        );
        return None;
    };
    for again in attributes {
        errors.at(
            again,
            "one variant has one `#[host(…)]`: put the other hosts under a variant of their own",
        );
    }
    let spec: Spec = errors.keep(attribute.parse_args())?;
    if let Err(why) = pattern::check(&spec.pattern.value()) {
        errors.at(
            &spec.pattern,
            format!("host pattern \"{}\": {why}", spec.pattern.value()),
        );
    }
    Some(spec)
}

fn expand(input: &DeriveInput, specs: &[(&Ident, Spec)]) -> TokenStream {
    let (ident, vis) = (&input.ident, &input.vis);
    let variants: Vec<&Ident> = specs.iter().map(|(variant, _)| *variant).collect();
    let patterns = specs.iter().map(|(_, spec)| &spec.pattern);
    let declarations = specs.iter().map(|(_, spec)| {
        let pattern = &spec.pattern;
        // Each call stands where its words stand, for the places that the library reports.
        let hosts = quote_spanned!(pattern.span()=> ::mesos_iac::hosts(#pattern));
        spec.calls.iter().fold(
            hosts,
            |hosts, (method, arguments)| quote_spanned!(method.span()=> #hosts.#method(#arguments)),
        )
    });
    let all = variants
        .split_first()
        .map(|(first, rest)| quote!(Self::#first.hosts() #(.and(Self::#rest.hosts()))*));
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #ident {
            /// The hosts of every variant, in the order of the variants.
            #vis fn all() -> ::mesos_iac::Hosts {
                #all
            }

            /// The hosts of this variant.
            #vis fn hosts(&self) -> ::mesos_iac::Hosts {
                match self {
                    #(Self::#variants => #declarations,)*
                }
            }

            /// The pattern that names the hosts of this variant.
            #[must_use]
            #vis const fn pattern(&self) -> &'static ::core::primitive::str {
                match self {
                    #(Self::#variants => #patterns,)*
                }
            }
        }

        const _: () = {
            #[automatically_derived]
            impl ::core::convert::From<#ident> for ::mesos_iac::Hosts {
                fn from(hosts: #ident) -> Self {
                    hosts.hosts()
                }
            }

            #[automatically_derived]
            impl ::mesos_iac::IntoHostPattern for #ident {
                fn into_host_pattern(self) -> ::core::result::Result<::mesos_iac::HostPattern, ::mesos_iac::PatternError> {
                    ::mesos_iac::HostPattern::new(self.pattern())
                }
            }
        };
    }
}

/// What stands in for the methods and impls after a mistake, so that code which uses the hosts shows no second error.
fn stand_in(input: &DeriveInput) -> TokenStream {
    let (ident, vis) = (&input.ident, &input.vis);
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #impl_generics #ident #ty_generics #where_clause {
            #vis fn all() -> ::mesos_iac::Hosts {
                ::core::unreachable!()
            }

            #vis fn hosts(&self) -> ::mesos_iac::Hosts {
                ::core::unreachable!()
            }

            #vis const fn pattern(&self) -> &'static ::core::primitive::str {
                ""
            }
        }

        #[automatically_derived]
        impl #impl_generics ::core::convert::From<#ident #ty_generics> for ::mesos_iac::Hosts #where_clause {
            fn from(_: #ident #ty_generics) -> Self {
                ::core::unreachable!()
            }
        }

        #[automatically_derived]
        impl #impl_generics ::mesos_iac::IntoHostPattern for #ident #ty_generics #where_clause {
            fn into_host_pattern(self) -> ::core::result::Result<::mesos_iac::HostPattern, ::mesos_iac::PatternError> {
                ::core::unreachable!()
            }
        }
    }
}
