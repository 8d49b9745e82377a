use crate::attrs::{Pairs, doc_text, named, named_fields, own, refuse_generics};
use crate::errors::Errors;
use crate::template::{BUILT_INS, has_its_own};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use std::collections::BTreeMap;
use std::net::IpAddr;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Expr, ExprArray, ExprLit, Field, Ident, Lit, LitStr, Type};

/// One attribute: a field and what its `#[attr(…)]` says.
struct Spec<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    docs: Vec<&'a Attribute>,
    doc: String,
    /// The field's name, as templates use it.
    field: String,
    /// The attribute's name, as `--set` and `explain` know it.
    name: LitStr,
    /// The constant that holds the key.
    key: Ident,
    default: Option<DefaultValue>,
}

/// How the default becomes a value.
enum DefaultValue {
    /// The tokens are one.
    Is(TokenStream),
    /// It is known only when the program runs whether the tokens become one. The library reports it if they don't.
    MayBe(TokenStream),
}

pub(crate) fn do_attributes(input: TokenStream) -> (TokenStream, Errors) {
    let mut errors = Errors::default();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(input)) else {
        return (TokenStream::new(), errors);
    };
    let generic = refuse_generics(&input, "a set of attributes", &mut errors);
    let prefix = read_prefix(&input, &mut errors);
    let Some(fields) = named_fields(&input, "Attributes", &mut errors) else {
        if errors.is_empty() {
            errors.at(&input.ident, "`#[derive(Attributes)]` needs a struct with named fields");
        }
        return (stand_in(&input), errors);
    };
    let specs: Vec<Spec<'_>> = fields
        .iter()
        .filter_map(|field| read_field(field, prefix.as_ref(), &mut errors))
        .collect();
    refuse_repeats(&specs, &mut errors);
    if generic {
        return (stand_in(&input), errors);
    }
    let keys = keys(&input, &specs);
    let rest = if errors.is_empty() {
        implementation(&input, &specs)
    } else {
        stand_in(&input)
    };
    (quote!(#keys #rest), errors)
}

fn read_prefix(input: &DeriveInput, errors: &mut Errors) -> Option<LitStr> {
    let mut prefix: Option<LitStr> = None;
    let mut pairs = Pairs::new("attributes", &["prefix"]);
    for attribute in named(&input.attrs, "attributes") {
        pairs.read(attribute, errors, |_, value| {
            prefix = Some(value.parse()?);
            Ok(())
        });
    }
    check_name(prefix, "prefix", errors)
}

/// Names stand before `=` in `--set` and as keys of TOML, so they are words joined by dots.
fn check_name(name: Option<LitStr>, what: &str, errors: &mut Errors) -> Option<LitStr> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    let literal = name?;
    let text = literal.value();
    if text.split('.').all(word) {
        return Some(literal);
    }
    let message = format!("`{text}` can't be a {what}: write letters, digits, `-` and `_`, joined by dots");
    errors.at(&literal, message);
    None
}

fn read_field<'a>(field: &'a Field, prefix: Option<&LitStr>, errors: &mut Errors) -> Option<Spec<'a>> {
    let ident = field.ident.as_ref()?;
    let mut own_name: Option<LitStr> = None;
    let mut default: Option<Expr> = None;
    let mut pairs = Pairs::new("attr", &["default", "name"]);
    for attribute in named(&field.attrs, "attr") {
        pairs.read(attribute, errors, |key, value| {
            if key == "default" {
                default = Some(value.parse()?);
            } else {
                own_name = Some(value.parse()?);
            }
            Ok(())
        });
    }
    let name = ident.unraw().to_string();
    if BUILT_INS.contains(&name.as_str()) || has_its_own(&name) {
        let message = format!(
            "every template has a `{name}` of its own, so that none could use this field: name it otherwise; the attribute's \
             name may stay, by `#[attr(name = \"{name}\")]`"
        );
        errors.at(ident, message);
    }
    let own_name = check_name(own_name, "name", errors);
    let external = own_name.as_ref().map_or_else(|| name.clone(), LitStr::value);
    let external = match prefix {
        Some(prefix) => format!("{}.{external}", prefix.value()),
        None => external,
    };
    let Ok(key) = syn::parse_str::<Ident>(&name.to_uppercase()) else {
        errors.at(ident, "this name has no upper case that can name a key");
        return None;
    };
    Some(Spec {
        ident,
        ty: &field.ty,
        docs: named(&field.attrs, "doc").collect(),
        doc: doc_text(&field.attrs),
        field: name,
        name: LitStr::new(&external, own_name.map_or(ident.span(), |name| name.span())),
        key: Ident::new(&key.to_string(), ident.span()),
        default: default.and_then(|expr| read_default(&field.ty, &expr, errors)),
    })
}

fn refuse_repeats(specs: &[Spec<'_>], errors: &mut Errors) {
    let (mut keys, mut names) = (BTreeMap::new(), BTreeMap::new());
    for spec in specs {
        if let Some(first) = keys.insert(spec.key.to_string(), spec.ident) {
            errors.at(
                spec.ident,
                format!("`{first}` and `{}` make the same key, `{}`", spec.ident, spec.key),
            );
        }
        if let Some(first) = names.insert(spec.name.value(), spec.ident) {
            errors.at(
                &spec.name,
                format!("the field `{first}` has this name already: `{}`", spec.name.value()),
            );
        }
    }
}

fn read_default(ty: &Type, expr: &Expr, errors: &mut Errors) -> Option<DefaultValue> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => match parse_now(ty, text) {
            Now::Value(value) => Some(DefaultValue::Is(value)),
            Now::Mistake(why) => {
                errors.at(
                    text,
                    format!("this default is no `{}`: {why}", last_word(ty).unwrap_or_default()),
                );
                None
            }
            Now::Unknown => Some(DefaultValue::MayBe(convert(ty, expr))),
        },
        Expr::Array(ExprArray { elems, .. }) if elems.is_empty() => Some(DefaultValue::Is(
            quote_spanned!(expr.span()=> ::core::convert::From::from([])),
        )),
        Expr::Array(_) => Some(DefaultValue::MayBe(convert(ty, expr))),
        _ => Some(DefaultValue::Is(quote!(#expr))),
    }
}

fn convert(ty: &Type, expr: &Expr) -> TokenStream {
    quote_spanned!(expr.span()=> ::mesos_iac::IntoValue::<#ty>::into_value(#expr))
}

/// What a text is as a value of some type.
enum Now {
    Value(TokenStream),
    Mistake(String),
    /// The macro doesn't know the type.
    Unknown,
}

/// Reads the text as the type would, if that is one that this macro can read: then a bad default doesn't compile.
fn parse_now(ty: &Type, text: &LitStr) -> Now {
    let Some(word) = last_word(ty) else { return Now::Unknown };
    let (value, span) = (text.value(), text.span());
    macro_rules! number {
        ($number:ty) => {
            match value.parse::<$number>() {
                Ok(number) => Ok(quote_spanned!(span=> #number)),
                Err(why) => Err(why.to_string()),
            }
        };
    }
    let read = match word.as_str() {
        "String" => Ok(quote_spanned!(span=> ::core::convert::From::from(#text))),
        "bool" => number!(bool),
        "u8" => number!(u8),
        "u16" => number!(u16),
        "u32" => number!(u32),
        "u64" => number!(u64),
        "i8" => number!(i8),
        "i16" => number!(i16),
        "i32" => number!(i32),
        "i64" => number!(i64),
        "IpAddr" => value
            .parse()
            .map(|address| address_tokens(&address, span, true))
            .map_err(|why| why.to_string()),
        "Ipv4Addr" => value
            .parse()
            .map(|v4| address_tokens(&IpAddr::V4(v4), span, false))
            .map_err(|why| why.to_string()),
        "Ipv6Addr" => value
            .parse()
            .map(|v6| address_tokens(&IpAddr::V6(v6), span, false))
            .map_err(|why| why.to_string()),
        _ => return Now::Unknown,
    };
    match read {
        Ok(value) => Now::Value(value),
        Err(why) => Now::Mistake(why),
    }
}

fn address_tokens(address: &IpAddr, span: Span, any: bool) -> TokenStream {
    let (version, tokens) = match address {
        IpAddr::V4(v4) => {
            let octets = v4.octets();
            (
                format_ident!("V4", span = span),
                quote_spanned!(span=> ::core::net::Ipv4Addr::new(#(#octets),*)),
            )
        }
        IpAddr::V6(v6) => {
            let segments = v6.segments();
            (
                format_ident!("V6", span = span),
                quote_spanned!(span=> ::core::net::Ipv6Addr::new(#(#segments),*)),
            )
        }
    };
    if any {
        quote_spanned!(span=> ::core::net::IpAddr::#version(#tokens))
    } else {
        tokens
    }
}

/// The last word of a type that is a plain path: `IpAddr` of `std::net::IpAddr`.
fn last_word(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    (path.qself.is_none() && last.arguments.is_none()).then(|| last.ident.to_string())
}

/// The keys, and under each field's own name a hidden twin of its key: so `when = …` can name a field, and a mistyped
/// name is reported as it was typed.
fn keys(input: &DeriveInput, specs: &[Spec<'_>]) -> TokenStream {
    let (ident, vis) = (&input.ident, &input.vis);
    let constants = specs.iter().map(|spec| {
        let Spec {
            ident,
            ty,
            docs,
            name,
            key,
            ..
        } = spec;
        let fallback = docs.is_empty().then(|| {
            let doc = format!(" The attribute `{}`.", name.value());
            quote!(#[doc = #doc])
        });
        let default = spec.default.as_ref().map(|default| match default {
            DefaultValue::Is(value) => quote_spanned!(value.span()=> .default(|| #value)),
            DefaultValue::MayBe(value) => quote_spanned!(value.span()=> .try_default(|| #value)),
        });
        let twin = (key != *ident).then(|| {
            quote! {
                #[doc(hidden)]
                #vis const #ident: ::mesos_iac::Key<#ty> = Self::#key;
            }
        });
        quote! {
            #(#docs)*
            #fallback
            #vis const #key: ::mesos_iac::Key<#ty> = ::mesos_iac::Key::new(#name) #default;
            #twin
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(dead_code, non_upper_case_globals)]
        impl #ident {
            #(#constants)*
        }
    }
}

fn implementation(input: &DeriveInput, specs: &[Spec<'_>]) -> TokenStream {
    let ident = &input.ident;
    let fields: Vec<&String> = specs.iter().map(|spec| &spec.field).collect();
    let idents: Vec<&Ident> = specs.iter().map(|spec| spec.ident).collect();
    let reads = specs.iter().map(|spec| {
        let Spec { ident, key, ty, .. } = spec;
        let checked = checked_type(ty);
        let (host, this) = (own("host", ty.span()), own("Self", ty.span()));
        quote_spanned!(ty.span()=> #ident: ::mesos_iac::HostView::get::<#checked>(#host, #this::#key)?)
    });
    let arms = specs.iter().map(|spec| {
        let Spec { field, key, ty, .. } = spec;
        let checked = checked_type(ty);
        let (host, this) = (own("host", ty.span()), own("Self", ty.span()));
        let value = quote_spanned!(ty.span()=> ::mesos_iac::attribute_json::<#checked>(#host, #this::#key));
        quote!(#field => #value,)
    });
    let shim = shim();
    let no_field = format!("read `{{}}`, which is no field of `{ident}`");
    let registrations = specs.iter().map(|spec| registration(ident, spec));
    quote! {
        const _: () = {
            #shim

            #[automatically_derived]
            impl ::mesos_iac::Attributes for #ident {
                const FIELDS: &'static [&'static ::core::primitive::str] = &[#(#fields),*];

                #[track_caller]
                fn read(host: &::mesos_iac::HostView<'_>) -> ::mesos_iac::Result<Self> {
                    let attributes = Self { #(#reads),* };
                    // A field that only templates and keys use is not dead code.
                    let _ = (#(&attributes.#idents,)*);
                    ::core::result::Result::Ok(attributes)
                }

                #[track_caller]
                fn field(
                    host: &::mesos_iac::HostView<'_>,
                    field: &::core::primitive::str,
                ) -> ::mesos_iac::Result<::mesos_iac::__private::serde_json::Value> {
                    match field {
                        #(#arms)*
                        other => ::core::result::Result::Err(::mesos_iac::Error::message(::std::format!(#no_field, other))),
                    }
                }
            }

            #(#registrations)*
        };
    }
}

/// A trait that only the types of attributes have. All that needs such a type goes through it: the compiler reports a
/// projection that isn't there with the same words each time, and shows the same words once.
fn shim() -> TokenStream {
    quote! {
        #[diagnostic::on_unimplemented(
            message = "`{Self}` can't be the type of an attribute",
            label = "not an attribute's type",
            note = "for a type of your own: derive Debug, Clone, PartialEq, Serialize and Deserialize, and add `impl AttributeValue for {Self} {{}}`"
        )]
        #[allow(dead_code)]
        trait __Attribute: ::core::marker::Sized {
            type Type: ::mesos_iac::AttributeValue;

            fn default(key: ::mesos_iac::Key<Self>) -> ::core::option::Option<::mesos_iac::Value>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: ::mesos_iac::AttributeValue> __Attribute for T {
            type Type = T;

            fn default(key: ::mesos_iac::Key<Self>) -> ::core::option::Option<::mesos_iac::Value> {
                ::core::option::Option::map(key.default_value(), ::mesos_iac::Value::new)
            }
        }
    }
}

/// The field's type, by way of that trait.
fn checked_type(ty: &Type) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as __Attribute>::Type)
}

fn registration(ident: &Ident, spec: &Spec<'_>) -> TokenStream {
    let Spec { ty, name, doc, key, .. } = spec;
    let place = quote_spanned!(spec.ident.span()=> (::core::file!(), ::core::line!()));
    let checked_type = checked_type(ty);
    let new = quote_spanned!(ty.span()=> ::mesos_iac::AttributeRegistration::new::<#checked_type>);
    let default = quote_spanned!(ty.span()=> || <#ty as __Attribute>::default(#ident::#key));
    let checked =
        matches!(spec.default, Some(DefaultValue::MayBe(_))).then(|| quote!(.checked(|| #ident::#key.default_error())));
    quote! {
        ::mesos_iac::__private::inventory::submit! {
            #new(
                #name,
                #doc,
                #default,
                ::core::module_path!(),
                #place,
            ) #checked
        }
    }
}

/// What stands in for the impl after a mistake, so that code which uses the attributes shows no second error.
fn stand_in(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let fields = match &input.data {
        Data::Struct(data) => data
            .fields
            .iter()
            .filter_map(|field| Some(field.ident.as_ref()?.unraw().to_string()))
            .collect(),
        _ => Vec::new(),
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics ::mesos_iac::Attributes for #ident #ty_generics #where_clause {
            const FIELDS: &'static [&'static ::core::primitive::str] = &[#(#fields),*];

            fn read(_: &::mesos_iac::HostView<'_>) -> ::mesos_iac::Result<Self> {
                ::core::unreachable!()
            }

            fn field(
                _: &::mesos_iac::HostView<'_>,
                _: &::core::primitive::str,
            ) -> ::mesos_iac::Result<::mesos_iac::__private::serde_json::Value> {
                ::core::unreachable!()
            }
        }
    }
}
