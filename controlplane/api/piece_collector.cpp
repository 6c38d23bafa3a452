// A gap is answered with where to go on, so that the sender needs no numbers of its own.
#include "controlplane/api/piece_collector.hpp"

#include <utility>

namespace nlb::controlplane {

Result<PieceCollector::Taken> PieceCollector::take(Instant now, const Piece& piece) {
    if (piece.size == 0 || piece.size > kBytesMax)
        return Error{"size: expected 1 to " + std::to_string(kBytesMax) + " bytes, got " +
                     std::to_string(piece.size)};
    // Refused before it could keep another file waiting.
    if (piece.offset <= piece.size && piece.bytes.size() > piece.size - piece.offset)
        return Error{"offset: the piece goes beyond the size of the whole"};
    const bool same = digest_ == piece.digest && size_ == piece.size;
    if (!same && !digest_.empty() && now - last_ < kAbandonedAfter)
        return Error{"another change is being brought here; try again in a moment"};
    if (!same && piece.bytes.empty()) return Taken{};
    if (!same) {
        digest_ = piece.digest;
        size_ = piece.size;
        bytes_.clear();
    }
    last_ = now;
    if (piece.offset > bytes_.size()) return Taken{bytes_.size(), std::nullopt};
    const std::size_t known = bytes_.size() - static_cast<std::size_t>(piece.offset);
    if (piece.bytes.size() > known) bytes_ += piece.bytes.substr(known);
    if (bytes_.size() < size_) return Taken{bytes_.size(), std::nullopt};
    digest_.clear();
    return Taken{size_, std::exchange(bytes_, {})};
}

}  // namespace nlb::controlplane
