// Configuration files. Promises: any text gives a configuration or mistakes that each name file,
// line and column; nothing throws; and from a configuration that was let through, the tables of
// every host, its digest and its offers can be made and pass the codec.
#include <regex>
#include <sstream>

#include "config/digest.hpp"
#include "config/load.hpp"
#include "config/table_builder.hpp"
#include "core/ipc/tables_codec.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace nlb::fuzz {
namespace {

constexpr std::size_t kTextBytesMax = 16 * 1024;

// `FILE:LINE:COLUMN: path: sentence`; the last line of very many may only count the rest.
void check_mistakes(const std::string& mistakes) {
    require(!mistakes.empty() && mistakes.back() != '\n', "a refusal says why");
    std::istringstream lines(mistakes);
    for (std::string line; std::getline(lines, line);) {
        if (line.size() > 1000) continue;  // std::regex recurses once for each letter
        static const std::regex shape(R"(fuzz\.yaml(:[0-9]+:[0-9]+)?: .+)");
        require(std::regex_match(line, shape), "a mistake has its slot", line);
    }
}

void check_config(const config::Config& config) {
    require(!config.clusters.empty(), "a configuration has a cluster");
    for (const config::Cluster& cluster : config.clusters) {
        require(!cluster.hosts.empty() && cluster.hosts.size() <= kHostsMax,
                "a cluster has 1 to 32 hosts");
        require(cluster.port_rules.size() <= kRulesMax, "a cluster has at most 32 rules");
        static_cast<void>(config::digest_of(config::canonical_lines(cluster)));
        for (const config::Host& host : cluster.hosts) {
            require(host.id >= 1 && host.id <= kHostsMax, "an id is 1 to 32");
            static_cast<void>(config::offers_of(cluster, host));
            const Tables tables = config::build_tables(cluster, host, {1, 2, 3, 4}, {});
            require(decode_tables(encode_tables(tables)).ok(),
                    "tables of a good configuration are good");
        }
    }
}

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb::fuzz;
    if (size > kTextBytesMax) return 0;
    const auto loaded =
        nlb::config::load_text({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
    if (loaded)
        check_config(loaded.value().config);
    else
        check_mistakes(loaded.error().message);
    return 0;
}

// Lines and words are what a person changes: lines come twice, go, change slots or depth; the rest
// is libFuzzer's, with its dictionary.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace nlb::fuzz;
    nlb::Prng chance(seed);
    if (size == 0 || chance.chance(600'000)) return LLVMFuzzerMutate(data, size, max_size);
    std::vector<std::string> lines;
    std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    if (lines.empty()) return LLVMFuzzerMutate(data, size, max_size);
    const auto one = lines.begin() + static_cast<std::ptrdiff_t>(chance.below(lines.size()));
    const auto other = lines.begin() + static_cast<std::ptrdiff_t>(chance.below(lines.size()));
    switch (chance.below(4)) {
        case 0:
            lines.insert(one, std::string(*other));
            break;
        case 1:
            lines.erase(one);
            break;
        case 2:
            std::swap(*one, *other);
            break;
        default:
            one->insert(0, chance.below(4), ' ');
    }
    std::string whole;
    for (const std::string& line : lines) whole += line + "\n";
    return hand_over({reinterpret_cast<const nlb::Byte*>(whole.data()), whole.size()}, data,
                     max_size);
}
