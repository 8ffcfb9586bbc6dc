//! Asking for what one has no right to.
