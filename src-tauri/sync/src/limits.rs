//! The limits of protocol version 1. They belong to the version: an entry within them is acceptable to every peer of it.

/// Changes in one entry.
pub const ENTRY_ITEMS: usize = 1_000;
/// Bytes of all changes of one entry.
pub const ENTRY_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of one change.
pub const CHANGE_BYTES: usize = 512 * 1024;
/// Automerge operations in one change.
pub const CHANGE_OPS: usize = 50_000;
/// Operations replaced by the operations of one change, all together.
pub const CHANGE_PREDS: usize = 100_000;
/// Dependencies of one change.
pub const CHANGE_DEPS: usize = 64;
/// Bytes of a key in the flat map of a record.
pub const KEY_BYTES: usize = 4 * 1024;
/// Bytes of the message of a change.
pub const MESSAGE_BYTES: usize = 1024;
/// The highest operation counter.
pub const MAX_OP: u64 = 1 << 31;
/// A frame as it travels, compressed.
pub const FRAME_BYTES: usize = 6 * 1024 * 1024;
/// A frame after decompression.
pub const FRAME_INFLATED_BYTES: usize = 8 * 1024 * 1024;
/// Entries in one chunk of a stream.
pub const CHUNK_ENTRIES: usize = 256;
/// Bytes after which a chunk is closed; one entry may go beyond it.
pub const CHUNK_BYTES: usize = 1024 * 1024;
/// Membership operations or fork proofs in one chunk.
pub const CHUNK_RULES: usize = 1_000;
/// Chunks sent and not yet acknowledged, in one direction.
pub const WINDOW: usize = 4;
/// One membership operation.
pub const OP_BYTES: usize = 64 * 1024;
/// Operations of one space.
pub const OPS: usize = 100_000;
/// Feeds of one space.
pub const FEEDS: usize = 10_000;
/// Fork proofs of one space.
pub const PROOFS: usize = 10_000;
/// Spaces shared between two computers.
pub const SPACES: usize = 1_000;
/// Hashes named in one message, where nothing else limits them.
pub const HASHES: usize = 4_096;
/// Characters in the name of a space, a person or a computer.
pub const NAME_CHARS: usize = 200;
/// Characters of a reason a peer gives.
pub const REASON_CHARS: usize = 500;
/// Bytes of an invitation link.
pub const LINK_BYTES: usize = 4 * 1024;
/// Statements of whereabouts in one frame.
pub const WHEREABOUTS: usize = 256;
/// Addresses in a statement of whereabouts.
pub const WHEREABOUTS_ADDRS: usize = 8;
/// Bytes of an address or relay in it.
pub const WHEREABOUTS_TEXT: usize = 255;
/// Bytes of a frame of whereabouts.
pub const WHEREABOUTS_BYTES: usize = 1024 * 1024;
