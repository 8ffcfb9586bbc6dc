//! The limits of protocol version 1. They belong to the version: an entry within them is acceptable to every peer of it.

/// Changes in one entry.
pub const ENTRY_ITEMS: usize = 1_000;
/// Bytes of all changes of one entry.
pub const ENTRY_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of one change.
pub const CHANGE_BYTES: usize = 512 * 1024;
/// Automerge operations in one change.
pub const CHANGE_OPS: usize = 50_000;
/// Dependencies of one change.
pub const CHANGE_DEPS: usize = 64;
/// The highest operation counter.
pub const MAX_OP: u64 = 1 << 31;
/// A frame as it travels, compressed.
pub const FRAME_BYTES: usize = 6 * 1024 * 1024;
/// A frame after decompression.
pub const FRAME_INFLATED_BYTES: usize = 8 * 1024 * 1024;
/// One membership operation.
pub const OP_BYTES: usize = 64 * 1024;
/// Operations of one space.
pub const OPS: usize = 100_000;
/// Feeds of one space.
pub const FEEDS: usize = 10_000;
/// Spaces shared between two computers.
pub const SPACES: usize = 1_000;
/// Characters in the name of a space, a person or a computer.
pub const NAME_CHARS: usize = 200;
/// Bytes of an invitation link.
pub const LINK_BYTES: usize = 4 * 1024;
