// The configuration files of a run, as the product's own values. The first two number the rules
// otherwise and have different keys; the default rule stays. The last one is the first without its
// last host. A rule is a *port* here (its place in file 0), which all files name alike.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/agent/cluster_settings.hpp"
#include "core/base/prng.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/sim/cheap_authenticator.hpp"
#include "tests/sim/settings.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

// What a host's key files hold.
enum class KeyRing : std::uint8_t {
    right,    // the file's key, and the other file's as a former one
    wrong,    // a key of the right id that is not the cluster's
    unknown,  // a key of an id that nobody has
    former,   // only the other file's key: the host was off during the rotation
};
inline constexpr std::size_t kKeyRings = 4;

inline constexpr Variant kVariants = 3;

class Configurations {
public:
    // `address`: the cluster's IPv4 address.
    Configurations(const Settings& settings, Prng& prng, std::uint32_t address);
    Configurations(const Settings& settings, Prng&& prng, std::uint32_t address)
        : Configurations(settings, prng, address) {}

    // By port: what the host offers for each.
    using Offers = std::array<std::uint8_t, kRuleSlots>;
    // What `host` reads in that file.
    [[nodiscard]] controlplane::ClusterSettings settings_of(HostId host, Variant variant,
                                                            KeyRing ring,
                                                            const Offers& offers) const;
    // As its file lists them: the one that sends first.
    [[nodiscard]] std::vector<SimulatedKey> keys_of(Variant variant, KeyRing ring) const;
    [[nodiscard]] const std::string& name() const { return clusters_[0].name; }
    // What both programs of the host must hold alike, as text.
    [[nodiscard]] const std::string& paired(HostId host) const { return paired_[host]; }
    [[nodiscard]] std::uint32_t cluster() const { return cluster_; }
    [[nodiscard]] const IpAddress& address() const { return clusters_[0].address.address; }
    // By which nobody owns anything; `self` is nobody.
    [[nodiscard]] const Tables& tables_of(Variant variant) const { return tables_[variant]; }
    [[nodiscard]] std::uint64_t digest_of(Variant variant) const { return digests_[variant]; }
    [[nodiscard]] Variant variant_of_digest(std::uint64_t digest) const {
        for (Variant variant = 1; variant < kVariants; ++variant)
            if (digest == digests_[variant]) return variant;
        return 0;
    }
    [[nodiscard]] Variant variant_of_layout(std::uint64_t layout) const {
        return layout == tables_[1].layout ? 1 : 0;
    }
    [[nodiscard]] RuleId rule_of(RuleId port, Variant variant) const {
        return port == kDefaultRule ? port : static_cast<RuleId>((port + variant % 2U) % rules_);
    }
    [[nodiscard]] RuleMasks by_port(const RuleMasks& by_rule, Variant variant) const;

private:
    [[nodiscard]] config::Health health_of(RuleId port) const;
    [[nodiscard]] config::Cluster cluster_of(Variant variant, std::uint32_t address) const;

    const Settings& settings_;
    RuleId rules_;
    std::uint32_t cluster_ = 0;
    std::array<SimulatedKey, 2> keys_{};
    std::array<HashKey, 2> hash_keys_{};
    std::array<config::Cluster, kVariants> clusters_;
    std::array<Tables, kVariants> tables_{};
    std::array<std::uint64_t, kVariants> digests_{};
    std::array<std::string, kHostsMax + 1> paired_;
};

}  // namespace nlb::sim
