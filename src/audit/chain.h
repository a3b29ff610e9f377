#pragma once

#include "audit/entry.h"
#include "base/bytes.h"

namespace escucha::audit {

/// The links of a company's entries: an entry's hash is BLAKE2b-256 of the hash before it (zeros
/// before the first) and of the entry's canonical encoding. So nothing can be changed, taken out,
/// put in or moved without changing every hash after it.
///
/// Keeps its buffer between entries; used by one thread at a time.
class Linker {
public:
    Hash link(const Hash& previous, const Entry& entry);

    /// What is hashed of the entry alone: every field in the order of `Entry`, numbers big-endian,
    /// texts with their length before them.
    static void encode(const Entry& entry, Bytes& out);

private:
    Bytes buffer_;
};

}  // namespace escucha::audit
