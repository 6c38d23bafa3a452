// Words to wishes; each refusal names the option.
#include "perf/traffic_options.hpp"

#include <charconv>
#include <fmt/format.h>
#include <fstream>

namespace nlb::perf {
namespace {

// Of twelve frames seven are small, four middling and one is large: the usual simple Internet mix.
const std::vector<std::uint16_t> kInternetMix{64, 64, 64, 64, 64, 64, 64, 570, 570, 570, 570, 1518};

std::optional<std::uint32_t> number_in(const std::string& text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
}

Result<std::array<std::uint32_t, 3>> read_mix(const std::string& text) {
    const Error wrong{fmt::format(
        "--mix: expected SYN:DATA:FIN packets per flow, such as 1:8:1, got \"{}\"", text)};
    std::array<std::uint32_t, 3> mix{};
    std::size_t from = 0;
    std::uint64_t sum = 0;
    for (std::size_t part = 0; part < mix.size(); ++part) {
        const std::size_t to = part + 1 < mix.size() ? text.find(':', from) : text.size();
        if (to == std::string::npos) return wrong;
        const auto value = number_in(text.substr(from, to - from));
        if (!value) return wrong;
        sum += mix[part] = *value;
        from = to + 1;
    }
    if (sum == 0 || sum > 65535) return wrong;
    return mix;
}

Result<std::vector<std::uint16_t>> read_sizes(const std::string& text) {
    if (text == "imix") return kInternetMix;
    const auto value = number_in(text);
    if (!value || *value < 60 || *value > kFrameBytesMax)
        return Error{fmt::format("--size: expected imix or bytes in 60-{}, got \"{}\"",
                                 kFrameBytesMax, text)};
    return std::vector<std::uint16_t>{static_cast<std::uint16_t>(*value)};
}

}  // namespace

void add_traffic_options(CLI::App& app, TrafficTexts& texts) {
    TrafficWishes& wishes = texts.wishes;
    app.add_option("--clients", wishes.clients, "so many client addresses")
        ->capture_default_str()
        ->check(CLI::Range(1U, 1U << 26));
    app.add_option("--distribution", texts.spread, "who speaks next: sequential, uniform or zipf")
        ->capture_default_str()
        ->check(CLI::IsMember({"sequential", "uniform", "zipf"}));
    app.add_option("--zipf", wishes.zipf_exponent, "exponent of Zipf's law")
        ->capture_default_str()
        ->check(CLI::Range(0.01, 5.0));
    app.add_option("--protocol", texts.protocol, "tcp or udp")
        ->capture_default_str()
        ->check(CLI::IsMember({"tcp", "udp"}));
    app.add_option("--port", wishes.port, "destination port")->capture_default_str();
    app.add_option("--ports", wishes.ports, "so many destination ports take turns")
        ->capture_default_str()
        ->check(CLI::Range(1U, 65536U));
    app.add_option("--vips", wishes.vips, "so many of the tables' virtual addresses take turns")
        ->capture_default_str()
        ->check(CLI::Range(1U, static_cast<unsigned>(kAddressesMax)));
    app.add_flag("--foreign", wishes.foreign, "to an address that is none of the cluster's");
    app.add_flag("--unbalanced", wishes.unbalanced,
                 "also what the tables do not balance: a disabled rule's, a foreign address'");
    app.add_option("--mix", texts.mix, "TCP packets per flow, SYN:DATA:FIN")->capture_default_str();
    app.add_flag("--resets", wishes.resets, "flows end with RST instead of FIN");
    app.add_option("--ip", texts.ip, "4 or 6")->capture_default_str()->check(CLI::IsMember({4, 6}));
    app.add_option("--size", texts.size, "bytes of a frame without its check sequence, or imix")
        ->capture_default_str();
    app.add_option("--fragments", wishes.fragments_percent,
                   "percent of the packets that are cut in two")
        ->check(CLI::Range(0U, 100U));
    app.add_option("--owned", texts.owned,
                   "percent of the clients that the tables' host owns (default: as it comes)")
        ->check(CLI::Range(0, 100));
    app.add_option("--seed", wishes.seed, "the same seed gives the same frames")
        ->capture_default_str();
}

Result<TrafficWishes> read_wishes(const TrafficTexts& texts) {
    TrafficWishes wishes = texts.wishes;
    const auto mix = read_mix(texts.mix);
    if (!mix) return mix.error();
    const auto sizes = read_sizes(texts.size);
    if (!sizes) return sizes.error();
    wishes.mix = mix.value();
    wishes.sizes = sizes.value();
    wishes.udp = texts.protocol == "udp";
    wishes.v6 = texts.ip == 6;
    wishes.spread = texts.spread == "zipf"      ? Spread::zipf
                    : texts.spread == "uniform" ? Spread::uniform
                                                : Spread::sequential;
    if (texts.owned >= 0) wishes.owned_percent = static_cast<std::uint32_t>(texts.owned);
    return wishes;
}

Result<FixedTables> read_tables_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Error{path + ": the tables file cannot be read; make one with `nlb tables`"};
    std::vector<Byte> bytes(kTablesFileBytesMax + 1);
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    auto decoded = decode_tables_file(bytes, path);
    if (!decoded) return decoded.error();
    return std::move(decoded.value().front());
}

}  // namespace nlb::perf
