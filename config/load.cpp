// The way of a file: bytes, YAML, schema, relations. The only place that knows yaml-cpp's
// exceptions.
#include "config/load.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>
#include <yaml-cpp/eventhandler.h>

#include "config/inside_device.hpp"
#include "config/parse.hpp"
#include "config/source.hpp"
#include "config/validate.hpp"

namespace nlb::config {
namespace {

// yaml-cpp says what its scanner met; the operator wants to know what to change.
std::string syntax_hint(const std::string& message) {
    if (message == "illegal map value" || message == "end of map not found")
        return " (check the indentation of this line, and quote a value that holds \": \")";
    if (message == "end of map flow not found") return " (a \"}\" or a comma is missing)";
    if (message == "end of sequence flow not found") return " (a \"]\" or a comma is missing)";
    if (message == "illegal EOF in scalar") return " (a quotation mark is missing)";
    if (message == "unknown token") return " (quote a value that begins with @, ` or %)";
    return "";
}

// Takes a document's events and remembers only where the last document starts.
class DocumentStart : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark& mark) override {
        position = Position{mark.line + 1, mark.column + 1};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
    Position position;
};

// YAML::Load() ignores what follows the first document, and YAML::LoadAll() never ends on a stray
// comma (yaml-cpp 0.7: it reads one empty document after the other from the same place, until
// memory ends). So: the first, then a look whether there is a second.
Config parse_yaml(const std::string& yaml, Diagnostics& diagnostics) {
    std::istringstream stream(yaml);
    YAML::Parser parser(stream);
    DocumentStart start;
    const bool two = parser.HandleNextDocument(start) && parser.HandleNextDocument(start);
    if (two) {
        diagnostics.mistake(start.position, kFilePath,
                            "expected one YAML document, got the start of a second (check the "
                            "indentation of this line)");
        return {};
    }
    return parse_config(Cursor(YAML::Load(yaml), diagnostics));
}

// Relative key files are looked for beside the configuration, wherever the program was started.
void resolve_key_file(const std::string& file, std::string& path) {
    const std::filesystem::path given(path);
    if (path.empty() || given.is_absolute()) return;
    path = (std::filesystem::path(file).parent_path() / given).string();
}

Result<Loaded> load(std::string_view yaml, const std::string& name, const std::string& beside,
                    Diagnostics& diagnostics) {
    Loaded loaded;
    if (!check_source(yaml, diagnostics)) return Error{diagnostics.mistakes()};
    try {
        loaded.config = parse_yaml(std::string(yaml), diagnostics);
    } catch (const YAML::Exception& exception) {
        diagnostics.mistake(Position{exception.mark.line + 1, exception.mark.column + 1}, kFilePath,
                            "expected YAML, got: " + exception.msg + syntax_hint(exception.msg));
        return Error{diagnostics.mistakes()};
    }
    choose_kernel_devices(loaded.config);
    validate(loaded.config, diagnostics);
    if (diagnostics.any()) return Error{diagnostics.mistakes()};
    loaded.config.file = name;
    loaded.text = yaml;
    loaded.warnings = diagnostics.warnings();
    for (Cluster& cluster : loaded.config.clusters) {
        resolve_key_file(beside, cluster.key_file);
        resolve_key_file(beside, cluster.remote_control.key_file);
        for (std::string& file : cluster.former_key_files) resolve_key_file(beside, file);
    }
    return loaded;
}

}  // namespace

Result<Loaded> load_file(const std::string& path) {
    Diagnostics diagnostics(path);
    std::string text;
    if (!read_source(path, text, diagnostics)) return Error{diagnostics.mistakes()};
    return load(text, path, path, diagnostics);
}

Result<Loaded> load_text(std::string_view yaml, const std::string& name,
                         const std::string& beside) {
    Diagnostics diagnostics(name);
    return load(yaml, name, beside.empty() ? name : beside, diagnostics);
}

Result<std::vector<Member>> memberships_of(const Config& config, const std::string& host_name) {
    std::vector<Member> members;
    std::vector<std::string> names;
    for (const Cluster& cluster : config.clusters) {
        for (const Host& host : cluster.hosts) {
            if (host.name == host_name) members.push_back(Member{&cluster, &host});
            if (std::find(names.begin(), names.end(), host.name) == names.end())
                names.push_back(host.name);
        }
    }
    if (!members.empty()) return members;
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    return Error{config.file + ": no cluster has a host named " + in_quotes(host_name) +
                 "; the hosts are " + list + "; choose one with --host NAME"};
}

const Metrics& metrics_of(const Config& config, const std::string& host_name) {
    for (const Cluster& cluster : config.clusters)
        for (const Host& host : cluster.hosts)
            if (host.name == host_name && host.metrics) return *host.metrics;
    return config.metrics;
}

}  // namespace nlb::config
