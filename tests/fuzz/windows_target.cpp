// Files and heartbeats that came from Windows. Promises of files: any bytes give a configuration or
// mistakes that each name file and line; nothing throws; and what is written is YAML that the
// loader understands or refuses by its place. Promises of heartbeats: bounds hold and every view
// can be made. The first byte says which, and how many files the rest is cut into.
#include <regex>
#include <sstream>

#include "cli/windows/import.hpp"
#include "cli/windows/observed_view.hpp"
#include "config/load.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace nlb::fuzz {
namespace {

constexpr std::size_t kTextBytesMax = 32 * 1024;
constexpr std::size_t kFilesMax = 3;

void check_mistakes(const std::string& mistakes) {
    require(!mistakes.empty() && mistakes.back() != '\n', "a refusal says why");
    std::istringstream lines(mistakes);
    for (std::string line; std::getline(lines, line);) {
        if (line.size() > 1000) continue;  // std::regex recurses once for each letter
        static const std::regex shape(R"((file[0-9]:[0-9]+: .+)|(and [0-9]+ more))");
        require(std::regex_match(line, shape), "a mistake has its place", line);
    }
}

// Frames, each behind two bytes of length.
void observe(Choices& choices) {
    nlb::cli::windows::Observation seen;
    while (!choices.empty()) {
        const std::size_t length = choices.u16() % 2048;
        const auto bytes = choices.take(length);
        const std::vector<Byte> frame(bytes.begin(), bytes.end());  // a byte beyond is a finding
        seen.take(frame, std::chrono::seconds{1});
    }
    require(seen.clusters().size() <= nlb::cli::windows::kObservedClustersMax, "clusters are few");
    for (const auto& known : seen.clusters())
        require(known.second.hosts.size() <= kHostsMax, "a cluster has 32 hosts at most");
    static_cast<void>(nlb::cli::windows::text_of(seen, true));
    static_cast<void>(nlb::cli::one_line(nlb::cli::windows::json_of(seen)));
    static_cast<void>(nlb::cli::windows::metrics_of(seen));
    static_cast<void>(nlb::cli::windows::warnings_of(seen, nullptr));
    if (seen.clusters().empty()) return;
    const auto loaded = nlb::config::load_text(nlb::cli::windows::yaml_of(seen), "seen.yaml");
    require(!loaded.ok(), "what is to be filled in is refused");
}

}  // namespace
}  // namespace nlb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace nlb::fuzz;
    if (size == 0 || size > kTextBytesMax) return 0;
    Choices choices({data, size});
    const std::uint8_t first = choices.u8();
    if (first >= 0x80) {
        observe(choices);
        return 0;
    }
    const std::size_t count = first % kFilesMax + 1;
    std::vector<nlb::cli::windows::NamedBytes> files;
    const std::size_t share = choices.rest().size() / count + 1;
    while (!choices.empty()) {
        const auto bytes = choices.take(share);
        files.push_back({"file" + std::to_string(files.size()), {bytes.begin(), bytes.end()}});
    }
    const auto imported = nlb::cli::windows::import_files(files);
    if (!imported) {
        if (!files.empty()) check_mistakes(imported.error().message);
        return 0;
    }
    const auto loaded = nlb::config::load_text(imported.value().yaml, "file.yaml");
    require(!loaded.ok() || imported.value().to_fill_in == 0, "what is to be filled in is refused");
    if (!loaded) {
        const std::string& why = loaded.error().message;
        require(why.find("expected a mapping with the key clusters") == std::string::npos,
                "what is written is YAML", why);
    }
    return 0;
}
