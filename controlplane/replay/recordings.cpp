#include "controlplane/replay/recordings.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "config/bundle/archive.hpp"
#include "controlplane/flight/segment.hpp"
#include "controlplane/replay/host_history.hpp"

namespace nlb::controlplane {
namespace {

namespace fs = std::filesystem;

bool is_recording(const std::string& name) {
    return name.ends_with(kRecordingSuffix);
}

std::vector<Byte> bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

Result<std::vector<bundle::File>> files_below(const std::string& path) {
    std::vector<bundle::File> files;
    std::error_code fault;
    fs::recursive_directory_iterator at(path, fault);
    for (; !fault && at != fs::recursive_directory_iterator{}; at.increment(fault))
        if (is_recording(at->path().string()))
            files.push_back({at->path().string(), bytes_of(at->path())});
    if (fault) return Error{path + ": cannot read: " + fault.message()};
    return files;
}

// Names sort as they were recorded; each folder is a host's.
struct Runs {
    explicit Runs(History& into) : history(into) {}
    ClusterHistory& of(const std::string& folder, const std::string& cluster) {
        const auto [known, fresh] = clusters.try_emplace({folder, cluster}, history, folder);
        return known->second;
    }
    History& history;
    std::map<std::pair<std::string, std::string>, ClusterHistory> clusters;
};

}  // namespace

Result<History> replay_path(const std::string& path) {
    std::error_code unknown;
    auto files = fs::is_directory(path, unknown) ? files_below(path) : bundle::read_archive(path);
    if (!files) return files.error();
    std::erase_if(files.value(), [](const auto& file) { return !is_recording(file.name); });
    if (files.value().empty())
        return Error{path + ": no recording is in it; `nlb bundle` collects them"};
    std::sort(files.value().begin(), files.value().end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    History history;
    Runs runs(history);
    for (bundle::File& file : files.value()) {
        auto segment = read_segment(file.bytes, file.name);
        if (!segment) return segment.error();
        file.bytes = {};
        if (segment.value().cut) ++history.gaps;
        const std::string folder = fs::path{file.name}.parent_path().string();
        const SegmentHead& head = segment.value().head;
        if (const Status added = runs.of(folder, head.cluster).add(segment.value(), file.name);
            !added)
            return added.error();
    }
    for (auto& [name, cluster] : runs.clusters) cluster.finish();
    return history;
}

}  // namespace nlb::controlplane
