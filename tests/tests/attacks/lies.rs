//! Saying what is not so.
