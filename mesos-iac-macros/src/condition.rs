//! The conditions of `when = …`: fields of the attributes struct, put together by `!`, `&&`, `||`, `==` and `!=`.

use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{
    BinOp, Block, Expr, ExprBinary, ExprBlock, ExprLit, ExprParen, ExprPath, ExprUnary, Ident, Lit, Stmt, Type, UnOp,
};

const GRAMMAR: &str = "expected a field of the attributes, with `!`, `&&`, `||`, `==` and parentheses; any other condition \
                       goes in braces: `{ … }`";

/// What the conditions need around them: the message for a field that is no `bool`.
pub(crate) fn prelude() -> TokenStream {
    quote! {
        #[diagnostic::on_unimplemented(
            message = "`when` needs a condition, and `{Self}` is none",
            label = "this attribute isn't a `bool`",
            note = "compare it with a value: `when = field == value`"
        )]
        #[allow(dead_code)]
        trait __MesosIacFlag {
            fn condition(self) -> ::mesos_iac::Condition;
        }

        #[diagnostic::do_not_recommend]
        impl __MesosIacFlag for ::mesos_iac::Key<::core::primitive::bool> {
            fn condition(self) -> ::mesos_iac::Condition {
                ::core::convert::From::from(self)
            }
        }
    }
}

/// The `Condition` that an expression of `when` means.
pub(crate) fn tokens(expr: &Expr, attributes: Option<&Type>, errors: &mut Errors) -> TokenStream {
    Reader { attributes, errors }.condition(expr)
}

struct Reader<'a> {
    attributes: Option<&'a Type>,
    errors: &'a mut Errors,
}

impl Reader<'_> {
    fn condition(&mut self, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Paren(ExprParen { expr, .. }) => self.condition(expr),
            // What a `macro_rules!` passed as one expression.
            Expr::Group(group) => self.condition(&group.expr),
            Expr::Unary(ExprUnary {
                op: UnOp::Not(not),
                expr,
                ..
            }) => {
                let inner = self.condition(expr);
                quote_spanned!(not.span=> ::core::ops::Not::not(#inner))
            }
            Expr::Binary(binary) => self.binary(binary),
            Expr::Path(path) => match field(path) {
                Some(field) => {
                    let key = self.key(field);
                    quote_spanned!(field.span()=> __MesosIacFlag::condition(#key))
                }
                None => self.refuse(expr),
            },
            Expr::Block(ExprBlock {
                attrs,
                label: None,
                block,
            }) if attrs.is_empty() => {
                let inner = only_expression(block);
                let condition = inner.map_or_else(|| quote!(#block), |expr| quote!(#expr));
                quote_spanned!(condition.span()=> ::core::convert::Into::<::mesos_iac::Condition>::into(#condition))
            }
            _ => self.refuse(expr),
        }
    }

    fn binary(&mut self, binary: &ExprBinary) -> TokenStream {
        let ExprBinary { left, op, right, .. } = binary;
        let operator = match op {
            BinOp::And(_) => quote_spanned!(op.span()=> ::core::ops::BitAnd::bitand),
            BinOp::Or(_) => quote_spanned!(op.span()=> ::core::ops::BitOr::bitor),
            BinOp::Eq(_) | BinOp::Ne(_) => return self.comparison(left, op, right),
            _ => {
                self.errors.at(op, GRAMMAR);
                return nothing();
            }
        };
        let (left, right) = (self.condition(left), self.condition(right));
        quote!(#operator(#left, #right))
    }

    fn comparison(&mut self, left: &Expr, op: &BinOp, right: &Expr) -> TokenStream {
        let Expr::Path(path) = left else {
            self.errors.at(left, "expected a field of the attributes before `==`");
            return nothing();
        };
        let Some(field) = field(path) else {
            self.errors.at(left, "expected a field of the attributes before `==`");
            return nothing();
        };
        let key = self.key(field);
        let is = quote_spanned!(op.span()=> #key.is(#right));
        if matches!(op, BinOp::Ne(_)) {
            quote_spanned!(op.span()=> ::core::ops::Not::not(#is))
        } else {
            is
        }
    }

    /// The hidden twin of the field's key, so that a name which doesn't exist is reported as it was typed.
    fn key(&mut self, field: &Ident) -> TokenStream {
        if let Some(attributes) = self.attributes {
            quote_spanned!(field.span()=> <#attributes>::#field)
        } else {
            let message = format!("whose `{field}`? Name the attributes: `#[role(…, attributes = Lab)]`");
            self.errors.at(field, message);
            nothing()
        }
    }

    fn refuse(&mut self, expr: &Expr) -> TokenStream {
        let message = match expr {
            Expr::Lit(ExprLit { lit: Lit::Bool(_), .. }) => {
                "a condition that never changes: leave `when` or the line out"
            }
            _ => GRAMMAR,
        };
        self.errors.at(expr, message);
        nothing()
    }
}

/// After a mistake the whole expansion is replaced, so this is never compiled.
fn nothing() -> TokenStream {
    quote!(())
}

fn field(path: &ExprPath) -> Option<&Ident> {
    if path.qself.is_some() || !path.attrs.is_empty() {
        return None;
    }
    path.path.get_ident()
}

fn only_expression(block: &Block) -> Option<&Expr> {
    match block.stmts.as_slice() {
        [Stmt::Expr(expr, None)] => Some(expr),
        _ => None,
    }
}
