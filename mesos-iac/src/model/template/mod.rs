//! Templates: rendered strictly, and never from values.
//!
//! What is ensured of secrets: their values are no part of a rendering. A secret prints as a mark that no template can make,
//! and the text is cut at the marks afterwards. Filters and tests refuse a secret and a text with one in it, operators that
//! a secret notices stop the rendering, and a mark that didn't stay whole is an error. An operator on two texts asks nobody;
//! so the template is rendered again with other texts in the secret's place, those that it could compare it with (a hundred at
//! the most), and is refused if anything changes but the secret. This may miss a comparison with a text that is computed.
//!
//! What is ensured of sizes: a template ends, prints at most 64 MiB, and no filter makes more, nor a loop over a list of the
//! context or a range that hands text on in a namespace. `~` asks nobody, so that a macro that calls itself with twice its
//! text isn't stopped.

mod environment;
mod error;
mod filters;
mod guard;
mod limits;
mod render;
mod source;
mod stand_ins;

pub use error::TemplateError;
#[cfg(feature = "testing")]
pub(crate) use render::render_values;
pub use source::{AttributeTemplate, BUILT_INS, Template, TemplateRegistration, TemplateSource, template_value};
