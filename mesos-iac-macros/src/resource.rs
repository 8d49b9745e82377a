use crate::attrs::{Pairs, named, own, refuse_generics};
use crate::errors::Errors;
use crate::names::{is_kind_name, suggest};
use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Data, DataStruct, DeriveInput, Fields, LitInt, LitStr, Member};

/// What `#[resource(…)]` says.
#[derive(Default)]
struct Spec {
    kind: Option<LitStr>,
    key: Option<Member>,
    version: Option<u32>,
}

pub(crate) fn do_resource(input: TokenStream) -> (TokenStream, Errors) {
    let mut errors = Errors::default();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(input)) else {
        return (TokenStream::new(), errors);
    };
    let Data::Struct(data) = &input.data else {
        errors.at(&input.ident, "`#[derive(Resource)]` needs a struct");
        return (TokenStream::new(), errors);
    };
    // typetag refuses a generic impl with words of its own, so there is nothing to emit.
    if refuse_generics(&input, "a kind of resource", &mut errors) {
        return (TokenStream::new(), errors);
    }
    let spec = read(&input, data, &mut errors);
    (expand(&input, &spec), errors)
}

fn read(input: &DeriveInput, data: &DataStruct, errors: &mut Errors) -> Spec {
    let mut spec = Spec::default();
    let mut pairs = Pairs::new("resource", &["kind", "key", "version"]);
    let (mut kind_given, mut key_given) = (false, false);
    for attribute in named(&input.attrs, "resource") {
        let mut mistakes = Vec::new();
        pairs.read(attribute, errors, |key, value| {
            match key {
                "kind" => {
                    kind_given = true;
                    spec.kind = Some(value.parse()?);
                }
                "key" => {
                    key_given = true;
                    spec.key = Some(value.parse()?);
                }
                _ => {
                    let number: LitInt = value.parse()?;
                    match number.base10_parse() {
                        Ok(version) if version > 0 => spec.version = Some(version),
                        _ => mistakes.push((number, "a version is a number from 1 on")),
                    }
                }
            }
            Ok(())
        });
        for (tokens, message) in mistakes {
            errors.at(tokens, message);
        }
    }
    if let Some(kind) = &spec.kind
        && !is_kind_name(&kind.value())
    {
        let message = format!(
            "`{}` is no name of a kind: write `owner.kind` in lower case, such as `hdfs.dir`",
            kind.value()
        );
        errors.at(kind, message);
        spec.kind = None;
    }
    if !kind_given {
        errors.at(
            &input.ident,
            "say what kind it is: `#[resource(kind = \"owner.kind\", key = field)]`",
        );
    }
    if let Some(key) = &spec.key
        && !data.fields.members().any(|member| member == *key)
    {
        errors.at(key, no_such_field(key, &data.fields));
        spec.key = None;
    }
    if !key_given && kind_given {
        errors.at(
            &input.ident,
            "say which field tells two of them apart: `#[resource(…, key = field)]`",
        );
    }
    spec
}

fn no_such_field(key: &Member, fields: &Fields) -> String {
    let name = |member: &Member| match member {
        Member::Named(ident) => ident.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    };
    let names: Vec<String> = fields.members().map(|member| name(&member)).collect();
    let hint = suggest(&name(key), names.iter().map(String::as_str), "it has none");
    format!("there is no field `{}`: {hint}", name(key))
}

/// The impls. A mistake leaves a stand-in in its place, so that code which uses the kind shows no second error.
fn expand(input: &DeriveInput, spec: &Spec) -> TokenStream {
    let ident = &input.ident;
    let kind = spec
        .kind
        .clone()
        .unwrap_or_else(|| LitStr::new("mistaken.kind", ident.span()));
    let version = spec.version.unwrap_or(1);
    let key = match &spec.key {
        Some(key) => {
            let this = own("self", key.span());
            quote_spanned!(key.span()=> { let key = &#this.#key; ::std::string::ToString::to_string(key) })
        }
        None => quote!(::std::string::String::new()),
    };
    // Stands where the type stands, for the message that it has no `Converge`.
    let behavior = quote_spanned!(ident.span()=> kind);
    let kind = kind.to_token_stream();
    quote! {
        const _: () = {
            // typetag's attribute expands to paths that begin with its own name.
            use ::mesos_iac::__private::typetag;

            #[automatically_derived]
            impl ::mesos_iac::Kind for #ident {
                const KIND: &'static ::core::primitive::str = #kind;
            }

            #[typetag::serde(name = #kind)]
            #[automatically_derived]
            impl ::mesos_iac::Resource for #ident {
                fn id(&self) -> ::core::result::Result<::mesos_iac::ResourceId, ::mesos_iac::NameError> {
                    ::mesos_iac::ResourceId::new(#kind, #key)
                }

                fn behavior(&self) -> &dyn ::mesos_iac::Converge {
                    let #behavior = self;
                    #behavior
                }
            }

            ::mesos_iac::__private::inventory::submit! {
                ::mesos_iac::KindRegistration::new::<#ident>(#kind, #version, (::core::file!(), ::core::line!()))
            }
        };
    }
}
