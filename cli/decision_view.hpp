// How a decision about a packet reads: the same words, columns and JSON members wherever one is
// shown (`nlb explain`, `nlb trace`).
#pragma once

#include <string>
#include <string_view>

#include "cli/console.hpp"
#include "cli/json.hpp"
#include "config/schema.hpp"
#include "core/packet/burst.hpp"

namespace nlb::cli {

struct Decision {
    Reason reason;
    RuleId rule;      // kNoRule: none was asked
    BucketId bucket;  // meaningful with a rule only
    HostId owner;     // kNoHost: nobody, or no rule
};

[[nodiscard]] Paint paint_of(Verdict verdict);

// "tcp 198.51.100.7:4000 > 192.0.2.80:80 S"; what the parser did not get to is left out.
// `from_inside`: the server speaks.
[[nodiscard]] std::string flow_text(const PacketInfo& info, bool from_inside = false);

class DecisionView {
public:
    explicit DecisionView(const config::Cluster& cluster);

    // "verdict", "reason", "rule", "bucket" and "owner"; null where there is none.
    void add_to(Json& object, const Decision& decision) const;
    // The columns verdict to "that is", each as wide as its longest word.
    [[nodiscard]] std::string titles() const;
    [[nodiscard]] std::string row(const Decision& decision) const;
    // "reject not_owner: rule http, bucket 55, owner edge3 (another host owns the bucket)"
    [[nodiscard]] std::string sentence(const Decision& decision) const;
    // Of the longest host name.
    [[nodiscard]] std::size_t host_width() const { return host_width_; }

private:
    [[nodiscard]] std::string columns(std::string_view verdict, std::string_view reason,
                                      std::string_view rule, std::string_view bucket,
                                      std::string_view owner, std::string_view help) const;
    const config::Cluster& cluster_;
    std::size_t host_width_ = 5;
    std::size_t rule_width_ = 7;
};

}  // namespace nlb::cli
