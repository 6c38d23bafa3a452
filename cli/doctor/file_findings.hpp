// What `nlb doctor` knows without anybody's help: the configuration's mistakes, key files,
// directories, the ports of HTTP. Facts are read apart from the judgement. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "config/finding_table.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"

namespace nlb::cli {

// The subject of findings about key files.
inline constexpr const char* kKeys = "keys";

// Who runs the daemons: the packages' user where their units are installed, else this user.
struct Runner {
    uid_t uid = 0;
    bool by_units = false;
};
// `root` is laid over /etc and /lib, for tests.
[[nodiscard]] Runner read_runner(const std::string& root);

// `mistakes`: as config::load_file says them, one per line.
[[nodiscard]] config::Findings judge_mistakes(const std::string& mistakes);
[[nodiscard]] config::Findings judge_warnings(const std::vector<std::string>& warnings);
[[nodiscard]] config::Findings judge_timing(const config::Cluster& cluster);

struct KeyFacts {
    std::string place;  // "cluster web: key_file"
    std::string path;
    bool exists = false;
    mode_t mode = 0;  // permission bits
    uid_t owner = 0;
    std::string refusal;  // config::read_key's sentence; empty: it is a good one
    std::optional<std::array<Byte, 32>> fingerprint;
};
[[nodiscard]] std::vector<KeyFacts> read_keys(const std::vector<config::Member>& members);
[[nodiscard]] config::Findings judge_keys(const std::vector<KeyFacts>& keys, const Runner& runner);

struct DirectoryFacts {
    config::FindingId unusable;  // which finding it is when it cannot be used
    std::string what;            // "run directory"
    std::string path;
    std::string ancestor;  // the nearest part of the path that exists
    bool ancestor_is_directory = true;
    bool exists = false;
    bool is_directory = false;  // and no link
    mode_t mode = 0;
    uid_t owner = 0;
    std::uint64_t free_bytes = UINT64_MAX;
};
[[nodiscard]] DirectoryFacts read_directory(config::FindingId unusable, std::string what,
                                            const std::string& path);
[[nodiscard]] config::Findings judge_directory(const DirectoryFacts& facts, const Runner& runner);

struct ListenerFacts {
    std::string what;    // "metrics"
    std::string listen;  // "127.0.0.1:9780"; empty: none
    int error = 0;       // of bind(2)
    bool ours = false;   // who has the port answers as nlb does
};
// `path`: a page of ours that has the word nlb in it.
[[nodiscard]] ListenerFacts read_listener(std::string what, const std::string& listen,
                                          const std::string& path);
[[nodiscard]] config::Findings judge_listener(const ListenerFacts& facts);

}  // namespace nlb::cli
