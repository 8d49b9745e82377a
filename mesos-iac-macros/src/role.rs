use crate::attrs::{Pairs, named, own, refuse_generics};
use crate::condition;
use crate::errors::Errors;
use crate::names::is_role_name;
use crate::surroundings::Surroundings;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Expr, Fields, Ident, LitStr, Token, Type};

/// What `#[role(…)]` says.
#[derive(Default)]
struct Spec {
    name: Option<LitStr>,
    attributes: Option<Type>,
}

/// In which phase a line is at work, and through which attribute it was given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Include,
    Expose,
    Resource,
    /// Orders all that the phase of resources declares.
    After,
}

/// What one `#[resource(…)]`, `#[after(…)]`, `#[include(…)]` or `#[expose(…)]` says.
struct Line {
    binding: Option<Ident>,
    expr: Expr,
    when: Option<Expr>,
}

impl Parse for Line {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let bound = input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        let binding = if bound {
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        let expr = input.parse()?;
        let mut when = None;
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            if key != "when" {
                return Err(syn::Error::new(key.span(), "expected `when = …`"));
            }
            if when.is_some() {
                return Err(syn::Error::new(
                    key.span(),
                    "`when` is given twice: join the conditions with `&&`",
                ));
            }
            input.parse::<Token![=]>()?;
            when = Some(input.parse()?);
        }
        Ok(Self { binding, expr, when })
    }
}

pub(crate) fn do_role(input: TokenStream, surroundings: &Surroundings) -> (TokenStream, Errors) {
    let mut errors = Errors::default();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(input)) else {
        return (TokenStream::new(), errors);
    };
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(data) => {
            errors.at(
                data.enum_token,
                "`#[derive(Role)]` needs a struct: one role, with its settings as fields",
            );
            None
        }
        Data::Union(data) => {
            errors.at(
                data.union_token,
                "`#[derive(Role)]` needs a struct: one role, with its settings as fields",
            );
            None
        }
    };
    let generic = refuse_generics(&input, "a role", &mut errors);
    let spec = read(&input, &mut errors);
    let lines = lines(&input, &spec, &mut errors);
    let has_lines = lines.is_some();
    if generic {
        return (TokenStream::new(), errors);
    }
    let (Some(fields), Some(name), true) = (fields, &spec.name, errors.is_empty()) else {
        return (stand_in(&input, has_lines), errors);
    };
    let qualified = LitStr::new(&format!("{}.{}", surroundings.crate_name(), name.value()), name.span());
    let role = implementation(&input.ident, fields, &qualified);
    let attributes = spec.attributes.as_ref().map(|attributes| {
        let fields = quote_spanned!(attributes.span()=> <#attributes as ::mesos_iac::Attributes>::FIELDS);
        quote!(const _: &[&::core::primitive::str] = #fields;)
    });
    (quote!(const _: () = { #role #attributes #lines };), errors)
}

fn read(input: &DeriveInput, errors: &mut Errors) -> Spec {
    let mut spec = Spec::default();
    let mut named_before = false;
    let mut pairs = Pairs::new("role", &["name", "attributes"]);
    for attribute in named(&input.attrs, "role") {
        pairs.read(attribute, errors, |key, value| {
            if key == "name" {
                named_before = true;
                spec.name = Some(value.parse()?);
            } else {
                spec.attributes = Some(value.parse()?);
            }
            Ok(())
        });
    }
    if !named_before && errors.is_empty() {
        errors.at(&input.ident, "give the role a name: `#[role(name = \"…\")]`");
    }
    if let Some(name) = &spec.name
        && !is_role_name(&name.value())
    {
        let message = format!(
            "`{}` can't name a role: write a letter, then letters, digits and `-`, all in lower case",
            name.value()
        );
        errors.at(name, message);
    }
    spec
}

/// The `impl Declares`, if there is a line to put in it; otherwise it is the user's to write.
fn lines(input: &DeriveInput, spec: &Spec, errors: &mut Errors) -> Option<TokenStream> {
    let (mut include, mut expose, mut declare) = (Vec::new(), Vec::new(), Vec::new());
    let mut first: Option<Span> = None;
    let mut conditional = false;
    for attribute in &input.attrs {
        let phase = match attribute.path().get_ident() {
            Some(name) if name == "include" => Phase::Include,
            Some(name) if name == "expose" => Phase::Expose,
            Some(name) if name == "resource" => Phase::Resource,
            Some(name) if name == "after" => Phase::After,
            _ => continue,
        };
        first.get_or_insert_with(|| attribute.path().span());
        let Some(line) = errors.keep(attribute.parse_args::<Line>()) else {
            continue;
        };
        if let Some(binding) = &line.binding {
            if phase != Phase::Resource {
                errors.at(
                    binding,
                    "only `#[resource(…)]` has something to bind: the handle of what it declares",
                );
            } else if binding == "cx" {
                errors.at(binding, "`cx` is the context; bind the handle to another name");
            }
        }
        conditional |= line.when.is_some();
        let when = line
            .when
            .as_ref()
            .map(|when| condition::tokens(when, spec.attributes.as_ref(), errors));
        match phase {
            Phase::Include => include.push(in_phase("include", &line.expr, when)),
            Phase::Expose => expose.push(in_phase("expose", &line.expr, when)),
            Phase::Resource => declare.push(resource(&line, when)),
            Phase::After => declare.push(in_phase("after", &line.expr, when)),
        }
    }
    // Stands where the first line stands, for the message that the user wrote an `impl Declares`, too.
    let first = first?;
    let mut ident = input.ident.clone();
    ident.set_span(first);
    let cx = context();
    let include = (!include.is_empty()).then(|| {
        quote! {
            fn include(&self, #cx: &mut ::mesos_iac::IncludeCx<'_>) -> ::mesos_iac::Result<()> {
                #(#include)*
                ::core::result::Result::Ok(())
            }
        }
    });
    let expose = (!expose.is_empty()).then(|| {
        quote! {
            fn expose(&self, #cx: &mut ::mesos_iac::ExposeCx<'_>) -> ::mesos_iac::Result<()> {
                #(#expose)*
                ::core::result::Result::Ok(())
            }
        }
    });
    let conditions = conditional.then(condition::prelude);
    let methods = quote! {
        #include
        #expose

        fn declare(&self, #cx: &mut ::mesos_iac::Cx<'_>) -> ::mesos_iac::Result<()> {
            #(#declare)*
            ::core::result::Result::Ok(())
        }
    };
    let declares = quote_spanned!(first=> impl ::mesos_iac::Declares for #ident { #methods });
    Some(quote! {
        #conditions

        #[automatically_derived]
        #declares
    })
}

/// The context's name. Expressions may use it: it is the parameter of a method that they become part of.
fn context() -> Ident {
    own("cx", Span::call_site())
}

/// The calls stand where the expression stands, because `#[track_caller]` reports their place as the declaration's.
fn resource(line: &Line, when: Option<TokenStream>) -> TokenStream {
    let (cx, expr) = (context(), &line.expr);
    let call = match when {
        None => quote_spanned!(expr.span()=> #cx.add(#expr)),
        Some(when) => quote_spanned!(expr.span()=> #cx.add_when(#when, #expr)),
    };
    match &line.binding {
        Some(binding) => quote!(let #binding = #call;),
        None => quote!(let _ = #call;),
    }
}

fn in_phase(method: &str, expr: &Expr, when: Option<TokenStream>) -> TokenStream {
    let (cx, method) = (context(), Ident::new(method, expr.span()));
    let call = quote_spanned!(expr.span()=> #cx.#method(#expr););
    match when {
        None => call,
        Some(when) => quote!(if ::mesos_iac::Condition::holds(&#when, #cx)? { #call }),
    }
}

fn implementation(ident: &Ident, fields: &Fields, name: &LitStr) -> TokenStream {
    let equal = fields.members().zip(fields).map(|(member, field)| {
        let (this, other) = (own("self", field.ty.span()), own("other", field.ty.span()));
        quote_spanned!(field.ty.span()=> && #this.#member == #other.#member)
    });
    let other = if fields.is_empty() { quote!(_) } else { quote!(other) };
    // Stands where the type stands, for the message that it declares nothing.
    let behavior = quote_spanned!(ident.span()=> role);
    quote! {
        #[automatically_derived]
        impl ::mesos_iac::Role for #ident {
            fn name(&self) -> &'static ::core::primitive::str {
                #name
            }

            fn equals(&self, other: &dyn ::mesos_iac::Role) -> ::core::primitive::bool {
                match <dyn ::core::any::Any>::downcast_ref::<Self>(other) {
                    ::core::option::Option::Some(#other) => true #(#equal)*,
                    ::core::option::Option::None => false,
                }
            }

            fn behavior(&self) -> &dyn ::mesos_iac::Declares {
                let #behavior = self;
                #behavior
            }
        }

        ::mesos_iac::__private::inventory::submit! {
            ::mesos_iac::RoleRegistration::new::<#ident>(#name, (::core::file!(), ::core::line!()))
        }
    }
}

/// What stands in for the impls after a mistake, so that code which uses the role shows no second error.
fn stand_in(input: &DeriveInput, has_lines: bool) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let declares = has_lines.then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics ::mesos_iac::Declares for #ident #ty_generics #where_clause {
                fn declare(&self, _: &mut ::mesos_iac::Cx<'_>) -> ::mesos_iac::Result<()> {
                    ::core::result::Result::Ok(())
                }
            }
        }
    });
    quote! {
        #declares

        #[automatically_derived]
        impl #impl_generics ::mesos_iac::Role for #ident #ty_generics #where_clause {
            fn name(&self) -> &'static ::core::primitive::str {
                ""
            }

            fn equals(&self, _: &dyn ::mesos_iac::Role) -> ::core::primitive::bool {
                false
            }

            fn behavior(&self) -> &dyn ::mesos_iac::Declares {
                ::core::unreachable!()
            }
        }
    }
}
