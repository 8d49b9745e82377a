use super::{FlagValue, Form, Written};
use std::fmt;

/// A closed set of words as an enum.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FlagValue for $name {
            const FORM: Form = Form::Choice;
            const CHOICES: &'static [&'static str] = &[$($word),+];

            fn written(&self) -> Written {
                Written::Text(self.as_str().to_owned())
            }
        }
    )+};
}

choices! {
    /// The least level that is logged.
    LoggingLevel {
        /// Everything.
        Info = "INFO",
        /// Warnings and errors.
        Warning = "WARNING",
        /// Errors alone.
        Error = "ERROR",
    }

    /// Where the master keeps the registry.
    Registry {
        /// On a majority of the masters.
        ReplicatedLog = "replicated_log",
        /// Nowhere; it is lost with the leader.
        InMemory = "in_memory",
    }

    /// How offers are shared out.
    Sorter {
        /// By dominant resource fairness.
        Drf = "drf",
        /// By lot, weighted.
        Random = "random",
    }

    /// What an agent does with the executors that it finds as it starts.
    Recover {
        /// It goes on with them.
        Reconnect = "reconnect",
        /// It ends them and exits.
        Cleanup = "cleanup",
    }

    /// Which changes of its own description an agent survives without a new id.
    ReconfigurationPolicy {
        /// None.
        Equal = "equal",
        /// Those that take nothing away.
        Additive = "additive",
    }

    /// Who starts the processes of containers.
    Launcher {
        /// With cgroups and namespaces.
        Linux = "linux",
        /// With processes alone.
        Posix = "posix",
    }

    /// How the layers of an image become one file system.
    ImageBackend {
        /// By aufs.
        Aufs = "aufs",
        /// By bind mounts, read-only, of one layer.
        Bind = "bind",
        /// By copying.
        Copy = "copy",
        /// By overlayfs.
        Overlay = "overlay",
    }
}
