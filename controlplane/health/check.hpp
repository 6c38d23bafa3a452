// One health check, as values: what is asked of whoever runs it, and what came of it.
#pragma once

#include <cstdint>
#include <string>

#include "config/schema.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

struct CheckOrder {
    std::uint64_t token = 0;  // names it in the answer
    RuleId rule = 0;
    config::Health health;
    IpAddress address;  // of check tcp, http, https
    std::uint16_t port = 0;
};

struct CheckResult {
    enum class Outcome : std::uint8_t {
        passed,
        failed,
        impossible,  // nothing was learnt of the server: this machine cannot ask
    };
    Outcome outcome = Outcome::failed;
    std::string because;  // "http 503", "connect refused"; empty when it passed
    Duration took{};
};

}  // namespace nlb::controlplane
