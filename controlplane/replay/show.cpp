#include "controlplane/replay/show.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

namespace nlb::controlplane {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> kKinds = {"event",   "owns",      "lease",
                                                    "command", "recording", "difference"};
constexpr std::array<std::string_view, 3> kLevels = {"info", "warning", "error"};
// Of terminals: by level, then what is done to the map.
constexpr std::array<std::string_view, 3> kPaints = {"", "\x1b[33m", "\x1b[31m"};
constexpr std::string_view kOwnsPaint = "\x1b[36m";
constexpr std::string_view kCommandPaint = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string time_text(std::int64_t ns) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::time_t seconds = ns / kSecond;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char date[40];
    const std::size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    const std::string micros = std::to_string(1'000'000 + ns % kSecond / 1000);
    return std::string(date, length) + "." + micros.substr(1) + "Z";
}

std::string ms_text(std::int64_t ns) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3f ms", static_cast<double>(ns) / 1e6);
    return text;
}

// No byte of a recording moves the cursor.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return text;
}

std::string rule_text(const Life& life, std::size_t slot) {
    const std::size_t at = slot == kDefaultRule ? life.rules.size() - 1 : slot;
    return at < life.rules.size() ? life.rules[at] : "rule " + std::to_string(slot);
}

std::string epoch_text(const Epoch& epoch) {
    return std::to_string(epoch.counter) + "." + std::to_string(epoch.coordinator);
}

// What a replay comes to, each as one sentence with its moment.
class Verdict {
public:
    Verdict(const History& history, const Clocks& clocks, const Findings& findings)
        : history_(history), clocks_(clocks), findings_(findings) {}

    [[nodiscard]] std::string differs() const {
        if (history_.differences.empty()) return {};
        const Difference& first = *std::min_element(
            history_.differences.begin(), history_.differences.end(),
            [this](const auto& a, const auto& b) { return moment(a) < moment(b); });
        return time_text(moment(first)) + " " + who(first.life) +
               (first.step == 0 ? "" : ", step " + std::to_string(first.step)) + ": " + first.what;
    }
    [[nodiscard]] std::string disagrees() const {
        const auto& maps = findings_.two_maps;
        const auto& owners = findings_.two_owners;
        if (maps && (!owners || maps->at_ns <= owners->at_ns))
            return time_text(maps->at_ns) + " " + who(maps->one) + " and " + who(maps->other) +
                   " hold different maps of epoch " + epoch_text(maps->epoch);
        if (owners)
            return time_text(owners->at_ns) + " " + who(owners->one) + " and " +
                   who(owners->other) + " both own " + std::to_string(owners->buckets) +
                   " buckets of " + rule_text(history_.lives[owners->one], owners->slot) +
                   " for at least " + ms_text(owners->lasts_ns);
        return {};
    }
    [[nodiscard]] std::string who(std::size_t life) const {
        const Life& one = history_.lives[life];
        return printable(one.host + " (" + one.cluster + ")");
    }

private:
    [[nodiscard]] std::int64_t moment(const Difference& difference) const {
        return clocks_.common(difference.life, difference.at);
    }

    const History& history_;
    const Clocks& clocks_;
    const Findings& findings_;
};

std::vector<const Entry*> by_time(const History& history, const Clocks& clocks) {
    std::vector<const Entry*> entries;
    for (const Entry& entry : history.entries) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(), [&](const Entry* a, const Entry* b) {
        return clocks.common(a->life, a->at) < clocks.common(b->life, b->at);
    });
    return entries;
}

std::string_view paint_of(const Entry& entry) {
    if (entry.level != 0) return kPaints[std::min<std::size_t>(entry.level, 2)];
    if (entry.kind == EntryKind::owns || entry.kind == EntryKind::lease) return kOwnsPaint;
    return entry.kind == EntryKind::command ? kCommandPaint : std::string_view{};
}

Json json_of(const Entry& entry, const History& history, const Clocks& clocks) {
    const Life& life = history.lives[entry.life];
    return {{"time", time_text(clocks.common(entry.life, entry.at))},
            {"host", life.host},
            {"cluster", life.cluster},
            {"kind", kKinds[static_cast<std::size_t>(entry.kind)]},
            {"level", kLevels[std::min<std::size_t>(entry.level, 2)]},
            {"name", entry.name},
            {"text", entry.text}};
}

std::string line_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void show_json(std::ostream& out, const History& history, const Clocks& clocks,
               const Findings& findings) {
    for (const Entry* entry : by_time(history, clocks))
        out << line_of(json_of(*entry, history, clocks)) << "\n";
    const Verdict verdict(history, clocks, findings);
    Json lives = Json::array();
    for (std::size_t life = 0; life < history.lives.size(); ++life) {
        const Life& one = history.lives[life];
        lives.push_back({{"host", one.host},
                         {"cluster", one.cluster},
                         {"steps", one.steps},
                         {"seconds", static_cast<double>((one.last - one.first).count()) / 1e9},
                         {"clock_error_ms", static_cast<double>(clocks.of(life).error_ns) / 1e6},
                         {"clock_by", clocks.of(life).by_frames ? "frames" : "time of day"}});
    }
    Json windows = Json::array();
    for (const OrphanWindow& window : findings.windows)
        windows.push_back({{"time", time_text(window.at_ns)},
                           {"cluster", window.cluster},
                           {"rule", rule_text(history.lives[window.life], window.slot)},
                           {"buckets", window.buckets},
                           {"ms", static_cast<double>(window.lasts_ns) / 1e6},
                           {"open", window.is_open}});
    const auto sentence = [](const std::string& text) {
        return text.empty() ? Json{} : Json{text};
    };
    out << line_of({{"equal", history.differences.empty()},
                    {"first_difference", sentence(verdict.differs())},
                    {"agree", !findings.two_owners && !findings.two_maps},
                    {"first_disagreement", sentence(verdict.disagrees())},
                    {"gaps", history.gaps},
                    {"windows", windows},
                    {"recordings", lives}})
        << "\n";
}

void show_windows(std::ostream& out, const History& history, const Findings& findings) {
    constexpr std::size_t kShownMax = 20;
    if (findings.windows.empty()) out << "windows without an owner: none\n";
    std::size_t shown = 0;
    for (const OrphanWindow& window : findings.windows) {
        if (++shown > kShownMax) {
            out << "  and " << findings.windows.size() - kShownMax << " more; --json has all\n";
            return;
        }
        out << (shown == 1 ? "windows without an owner, of buckets that somebody should own:\n"
                           : "")
            << "  " << time_text(window.at_ns) << "  "
            << printable(rule_text(history.lives[window.life], window.slot)) << ": up to "
            << window.buckets << " buckets, " << ms_text(window.lasts_ns)
            << (window.is_open ? ", to the end of the recordings" : "") << "\n";
    }
}

void show_text(std::ostream& out, const History& history, const Clocks& clocks,
               const Findings& findings, bool colour) {
    std::size_t width = 0;
    for (const Life& life : history.lives) width = std::max(width, life.host.size());
    for (const Entry* entry : by_time(history, clocks)) {
        std::string host = printable(history.lives[entry->life].host);
        host.resize(width, ' ');
        const std::string_view paint = colour ? paint_of(*entry) : std::string_view{};
        out << time_text(clocks.common(entry->life, entry->at)) << "  " << host << "  " << paint
            << printable(entry->name) << (paint.empty() ? std::string_view{} : kPlain)
            << (entry->text.empty() ? "" : "  ") << printable(entry->text) << "\n";
    }
    const Verdict verdict(history, clocks, findings);
    out << "\n";
    for (std::size_t life = 0; life < history.lives.size(); ++life) {
        const Life& one = history.lives[life];
        const bool differs = std::any_of(history.differences.begin(), history.differences.end(),
                                         [life](const auto& d) { return d.life == life; });
        out << verdict.who(life) << ": " << one.steps << " steps, "
            << ms_text((one.last - one.first).count()) << ", "
            << (differs ? "not as recorded" : "equal bit for bit") << "; clock "
            << (life == clocks.reference() ? "is the reference"
                                           : "known to " + ms_text(clocks.of(life).error_ns))
            << (clocks.of(life).by_frames ? "" : ", by the time of day") << "\n";
    }
    if (history.gaps != 0)
        out << "recordings that are not whole, or gaps in them: " << history.gaps << "\n";
    show_windows(out, history, findings);
    const std::string differs = verdict.differs();
    const std::string disagrees = verdict.disagrees();
    out << "first step that differs from the recording: " << (differs.empty() ? "none" : differs)
        << "\nfirst step where hosts disagree: " << (disagrees.empty() ? "none" : disagrees)
        << "\n";
}

}  // namespace

bool is_clean(const History& history, const Findings& findings) {
    return history.differences.empty() && !findings.two_owners && !findings.two_maps;
}

void show(std::ostream& out, const History& history, const Clocks& clocks, const Findings& findings,
          const Shown& how) {
    if (how.json)
        show_json(out, history, clocks, findings);
    else
        show_text(out, history, clocks, findings, how.colour);
}

}  // namespace nlb::controlplane
