// Answers questions about core's pure functions, one line each, so that a model in another language
// can be compared with them:
//   hash K0 K1 K2 K3 AFFINITY ADDRESS PORT     -> HASH BUCKET
//     (words and address in hexadecimal; affinity 0 none, 1 single, 2 network)
//   multiple|single ID:OFFER,... OWNER,...     -> OWNER,... MOVED
//     (60 owners, 0: nobody; MOVED counts what differs)
// It decides nothing by itself and stops with exit status 2 at a line it does not understand.
#include <charconv>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "core/cluster/bucket_assignment.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb::model {
namespace {

std::optional<std::uint64_t> number(std::string_view text, int base, std::uint64_t max) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || value > max)
        return std::nullopt;
    return value;
}

std::optional<std::string> answer_hash(std::istringstream& words) {
    constexpr std::uint64_t kWordMax = ~std::uint64_t{0};
    HashKey key;
    std::string word;
    for (std::uint64_t& part : key) {
        words >> word;
        const auto value = number(word, 16, kWordMax);
        if (!value) return std::nullopt;
        part = *value;
    }
    words >> word;
    const auto affinity = number(word, 10, 2);
    words >> word;
    if (!affinity || word.size() != 32) return std::nullopt;
    IpAddress client;
    for (std::size_t i = 0; i < client.bytes.size(); ++i) {
        const auto byte = number(std::string_view{word}.substr(2 * i, 2), 16, 0xff);
        if (!byte) return std::nullopt;
        client.bytes[i] = static_cast<Byte>(*byte);
    }
    words >> word;
    const auto port = number(word, 10, 0xffff);
    if (!port) return std::nullopt;
    const std::uint32_t hash = client_hash(key, static_cast<Affinity>(*affinity), client,
                                           static_cast<std::uint16_t>(*port));
    return std::to_string(hash) + " " + std::to_string(bucket_of(hash));
}

// Offers come in any order: "the same inputs in any order of arrival".
std::optional<Offers> read_offers(std::istringstream& words) {
    Offers offers{};
    std::string list, entry;
    words >> list;
    for (std::istringstream entries(list); std::getline(entries, entry, ',');) {
        const std::size_t colon = std::min(entry.find(':'), entry.size());
        const auto id = number(entry.substr(0, colon), 10, kHostsMax);
        const auto offer = number(entry.substr(std::min(colon + 1, entry.size())), 10, 255);
        if (!id || *id == kNoHost || !offer) return std::nullopt;
        offers[*id - 1] = static_cast<std::uint8_t>(*offer);
    }
    return offers;
}

std::optional<BucketOwners> read_owners(std::istringstream& words) {
    BucketOwners owners{};
    std::string list, entry;
    words >> list;
    std::istringstream entries(list);
    for (HostId& owner : owners) {
        std::getline(entries, entry, ',');
        const auto id = number(entry, 10, kHostsMax);
        if (!id) return std::nullopt;
        owner = static_cast<HostId>(*id);
    }
    return owners;
}

std::optional<std::string> answer_owners(std::istringstream& words, bool single) {
    const auto offers = read_offers(words);
    const auto holding = read_owners(words);
    if (!offers || !holding) return std::nullopt;
    const BucketOwners owners = single ? assign_single(*offers) : assign_buckets(*offers, *holding);
    std::string text;
    for (const HostId owner : owners) text += (text.empty() ? "" : ",") + std::to_string(owner);
    return text + " " + std::to_string(moved_buckets(*holding, owners));
}

std::optional<std::string> answer(const std::string& line) {
    std::istringstream words(line);
    std::string what;
    words >> what;
    if (what == "hash") return answer_hash(words);
    if (what == "multiple" || what == "single") return answer_owners(words, what == "single");
    return std::nullopt;
}

}  // namespace
}  // namespace nlb::model

int main() {
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        const auto answered = nlb::model::answer(line);
        if (!answered) {
            std::cerr << "core-probe: not a question: " << line << "\n";
            return 2;
        }
        std::cout << *answered << "\n";
    }
    return 0;
}
