// The example of docs/control-socket.md, made whole.
#include "tests/unit/cli/fake_control_plane.hpp"

#include "cli/json.hpp"

namespace nlb::cli {

std::string converged_answer() {
    Json owners = Json::array(), first = Json::array(), members = Json::array();
    for (int bucket = 0; bucket < 60; ++bucket) {
        owners.push_back(bucket / 20 + 1);
        first.push_back(1);
    }
    for (int id = 1; id <= 3; ++id)
        members.push_back({{"id", id},
                           {"name", "edge" + std::to_string(id)},
                           {"state", "converged"},
                           {"heard_ms", id * 10},
                           {"buckets", {{"http", 20}, {"default", id == 1 ? 60 : 0}}}});
    const Json http{{"name", "http"},     {"mode", "multiple"},
                    {"state", "enabled"}, {"share", {{"edge1", 0.3333}}},
                    {"own", 20},          {"orphaned", 0},
                    {"connections", 12},  {"owners", owners}};
    const Json rest{{"name", "default"},       {"mode", "single"}, {"state", "enabled"},
                    {"share", {{"edge1", 1}}}, {"own", 60},        {"orphaned", 0},
                    {"connections", 0},        {"owners", first}};
    const Json cluster{{"name", "web"},
                       {"host", "edge1"},
                       {"id", 1},
                       {"address", "192.0.2.80"},
                       {"state", "converged"},
                       {"default_host", "edge1"},
                       {"converging_because", ""},
                       {"converging_host", ""},
                       {"epoch", {{"counter", 7}, {"coordinator", 2}}},
                       {"generation", 1},
                       {"config_digest", "9f0c"},
                       {"fence_remaining_ms", 412},
                       {"dataplane", "connected"},
                       {"link_up", true},
                       {"members", members},
                       {"rules", Json::array({http, rest})}};
    return one_line({{"ok", true},
                     {"return_value", 1008},
                     {"message", ""},
                     {"clusters", Json::array({cluster})}});
}

}  // namespace nlb::cli
