// bundle: what a host recorded and says of itself, in one file for whoever looks into an incident;
// and the bundles of several hosts made one.
#include <ctime>
#include <filesystem>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/control_request.hpp"
#include "config/bundle/archive.hpp"
#include "config/daemon/state_directory.hpp"
#include "config/format.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

namespace fs = std::filesystem;
using Files = std::vector<bundle::File>;

constexpr std::string_view kSuffix = ".flight";

std::vector<Byte> bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

std::vector<Byte> bytes_in(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

// Nothing: no run of hexadecimal digits.
std::optional<std::vector<Byte>> from_hex(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    std::vector<Byte> bytes;
    if (text.size() % 2 != 0) return std::nullopt;
    for (std::size_t at = 0; at < text.size(); at += 2) {
        const int high = digit(text[at]);
        const int low = digit(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<Byte>(high << 4 | low));
    }
    return bytes;
}

std::string machine_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

// A whole recording, piece by piece. Nothing: the control plane went away, or has it no more.
std::optional<std::vector<Byte>> fetch(const Options& options, const std::string& name) {
    std::vector<Byte> whole;
    for (;;) {
        Json request = request_for(options, "flight");
        request["file"] = name;
        request["offset"] = whole.size();
        const ControlReply reply = ask(options, request);
        if (!reply.answered || !flag_of(reply.json, "ok")) return std::nullopt;
        const auto piece = from_hex(text_of(reply.json, "hex"));
        if (!piece) return std::nullopt;
        if (piece->empty()) return whole;
        whole.insert(whole.end(), piece->begin(), piece->end());
    }
}

// What the control plane says of itself, as it says it.
void add_answers(const Options& options, const std::string& host, Files& files) {
    for (const char* command : {"query", "params", "map", "events"}) {
        Json request = request_for(options, command);
        if (std::string_view{command} == "events") request["last"] = 1000;
        const ControlReply reply = ask(options, request);
        if (reply.answered)
            files.push_back({host + "/" + command + ".json", bytes_of(reply.line + "\n")});
    }
    const ControlReply metrics = ask(options, request_for(options, "metrics"));
    if (!metrics.answered || !flag_of(metrics.json, "ok")) return;
    // As it is, with its ends of lines: text_of() is for terminals.
    if (const auto text = metrics.json.find("text");
        text != metrics.json.end() && text->is_string())
        files.push_back({host + "/metrics.prom", bytes_of(text->get<std::string>())});
}

struct Collected {
    std::string host;
    Files files;
    std::size_t recordings = 0;
};

Collected collect_from(const Options& options, const Json& listed, Console& console) {
    Collected found;
    found.host = text_of(listed, "host", "host");
    for (const Json& file : list_of(listed, "files")) {
        const std::string name = text_of(file, "name");
        auto bytes = fetch(options, name);
        if (!bytes) {
            console.warn(name + ": it went away while it was read, or the control plane did");
            continue;
        }
        ++found.recordings;
        found.files.push_back({found.host + "/flight/" + name, std::move(*bytes)});
    }
    add_answers(options, found.host, found.files);
    return found;
}

// Without a control plane: what it left on the disk.
Result<Collected> collect_from_disk(const Options& options) {
    const auto loaded = config::load_file(options.config);
    if (!loaded) return loaded.error();
    Collected found;
    found.host = options.host.empty() ? machine_name() : options.host;
    const std::string run_dir = options.run_dir == kDefaultRunDir ? "" : options.run_dir;
    const std::string folder =
        daemon::state_directory_of(loaded.value().config.state_dir, run_dir, found.host) +
        "/flight";
    std::error_code fault;
    std::set<fs::path> paths;
    for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault))
        if (at->path().string().ends_with(kSuffix)) paths.insert(at->path());
    if (fault)
        return Error{folder + ": cannot read recordings: " + fault.message() +
                     "; is --host the name of this host in the file?"};
    for (const fs::path& path : paths) {
        ++found.recordings;
        found.files.push_back({found.host + "/flight/" + path.filename().string(), bytes_in(path)});
    }
    const fs::path events = fs::path{folder}.parent_path() / "events";
    if (fs::exists(events, fault))
        found.files.push_back({found.host + "/events.jsonl", bytes_in(events)});
    found.files.push_back({found.host + "/nlb.yaml", bytes_in(options.config)});
    return found;
}

Json manifest_of(const Collected& found, bool asked) {
    utsname machine{};
    uname(&machine);
    return {{"format", 1},
            {"host", found.host},
            {"version", NLB_VERSION},
            {"made", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
            {"kernel", machine.release},
            {"recordings", found.recordings},
            {"from", asked ? "control plane" : "state directory"}};
}

ExitCode write(Console& console, const std::string& path, const Files& files,
               const std::string& sentence) {
    for (const bundle::File& file : files)
        if (file.name.size() > bundle::kNameBytesMax)
            return console.fail_usage(Error{file.name + ": the name is too long for a bundle"});
    if (const Status written = bundle::write_archive(path, files); !written)
        return console.fail(ExitCode::refused, ReturnValue::refused, written.error().message);
    Json answer = success(sentence);
    answer["file"] = path;
    answer["files"] = files.size();
    console.answer(answer);
    console.say(sentence);
    return ExitCode::done;
}

// A host that is in two of them is taken from the last one.
ExitCode merge(const Options& options, Console& console) {
    if (options.output.empty())
        return console.fail_usage(Error{"expected -o FILE for what several bundles become"});
    std::map<std::string, Files> hosts;
    for (const std::string& path : options.files) {
        auto files = bundle::read_archive(path);
        if (!files) return console.fail_usage(files.error());
        std::set<std::string> fresh;
        for (bundle::File& file : files.value()) {
            const std::string host = file.name.substr(0, file.name.find('/'));
            if (fresh.insert(host).second) hosts[host].clear();
            hosts[host].push_back(std::move(file));
        }
    }
    Files all;
    std::string names;
    for (auto& [host, files] : hosts) {
        names += (names.empty() ? "" : ", ") + host;
        std::move(files.begin(), files.end(), std::back_inserter(all));
    }
    return write(console, options.output, all,
                 fmt::format("{}: the recordings of {}", options.output, names));
}

}  // namespace

ExitCode run_bundle(const Options& options, Console& console) {
    if (!options.files.empty()) return merge(options, console);
    const ControlReply reply = ask(options, request_for(options, "flight"));
    Collected found;
    if (reply.answered && flag_of(reply.json, "ok")) {
        if (const std::string other = text_of(reply.json, "host");
            !options.host.empty() && options.host != other)
            return console.fail(ExitCode::refused, ReturnValue::refused,
                                "the control plane that answers is " + other + "'s, not " +
                                    options.host + "'s; name its --run-dir");
        found = collect_from(options, reply.json, console);
    } else {
        auto left = collect_from_disk(options);
        if (!left) {
            if (!reply.answered && !options.config_given) return fail_unreachable(console, reply);
            return console.fail(ExitCode::refused, ReturnValue::refused, left.error().message);
        }
        console.aside("no control plane answers; what it left on the disk is taken");
        found = std::move(left.value());
    }
    if (found.recordings == 0)
        return console.fail(ExitCode::refused, ReturnValue::not_found,
                            "nothing is recorded on this host");
    found.files.push_back({found.host + "/manifest.json",
                           bytes_of(one_line(manifest_of(found, reply.answered)) + "\n")});
    const std::string path = options.output.empty()
                                 ? fmt::format("nlb-{}-{:%Y%m%dT%H%M%SZ}.bundle", found.host,
                                               fmt::gmtime(std::time(nullptr)))
                                 : options.output;
    return write(console, path, found.files,
                 fmt::format("{}: {} recordings of {}", path, found.recordings, found.host));
}

}  // namespace nlb::cli
