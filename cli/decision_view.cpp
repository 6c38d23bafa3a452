// Words and widths; it decides nothing.
#include "cli/decision_view.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "cli/endpoint.hpp"
#include "cli/selection.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/verdict_name.hpp"

namespace nlb::cli {
namespace {

constexpr std::size_t kReasonWidth = [] {
    std::size_t widest = 0;
    for (const ReasonInfo& reason : kReasons) widest = std::max(widest, reason.name.size());
    return widest;
}();

std::string flags_text(std::uint8_t flags) {
    std::string text;
    for (const auto& [bit, letter] : {std::pair{kTcpSyn, 'S'},
                                      {std::uint8_t{0x01}, 'F'},
                                      {kTcpRst, 'R'},
                                      {std::uint8_t{0x08}, 'P'},
                                      {kTcpAck, 'A'}})
        if ((flags & bit) != 0) text += letter;
    return text.empty() ? "-" : text;
}

std::string protocol_text(const PacketInfo& info) {
    std::string protocol = fmt::format("ip protocol {}", info.protocol);
    if (info.protocol == kProtocolTcp) protocol = "tcp";
    if (info.protocol == kProtocolUdp) protocol = "udp";
    if (info.protocol == kProtocolIcmp || info.protocol == kProtocolIcmpv6) protocol = "icmp";
    return (info.traits & kTraitIcmpError) != 0 ? "icmp error about " + protocol : protocol;
}

}  // namespace

Paint paint_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::accept:
            return Paint::good;
        case Verdict::drop:
            return Paint::bad;
        case Verdict::consume:
            return Paint::notice;
        default:
            return Paint::dim;
    }
}

std::string flow_text(const PacketInfo& info, bool from_inside) {
    if (info.ip_version == 0 || info.vip == IpAddress{}) return "";
    const bool tcp = info.protocol == kProtocolTcp;
    const bool ports =
        (tcp || info.protocol == kProtocolUdp) && (info.traits & kTraitLaterFragment) == 0;
    const auto end = [&](const IpAddress& address, std::uint16_t port) {
        return to_string(Endpoint{address, ports ? std::optional(port) : std::nullopt});
    };
    std::string from = end(info.client, info.client_port);
    std::string to = end(info.vip, info.vip_port);
    if (from_inside) std::swap(from, to);
    const bool flags = tcp && (info.traits & (kTraitIcmpError | kTraitLaterFragment)) == 0;
    return fmt::format("{} {} > {}{}", protocol_text(info), from, to,
                       flags ? " " + flags_text(info.tcp_flags) : "");
}

DecisionView::DecisionView(const config::Cluster& cluster) : cluster_(cluster) {
    for (const config::Host& host : cluster.hosts)
        host_width_ = std::max(host_width_, host.name.size());
    for (const config::PortRule& rule : cluster.port_rules)
        rule_width_ = std::max(rule_width_, rule.name.size());
}

void DecisionView::add_to(Json& object, const Decision& decision) const {
    const bool ruled = decision.rule != kNoRule;
    object["verdict"] = name_of(verdict_of(decision.reason));
    object["reason"] = std::string(info_of(decision.reason).name);
    object["rule"] = ruled ? Json(name_of_rule(cluster_, decision.rule)) : Json(nullptr);
    object["bucket"] = ruled ? Json(decision.bucket) : Json(nullptr);
    object["owner"] =
        decision.owner != kNoHost ? Json(name_of_host(cluster_, decision.owner)) : Json(nullptr);
}

std::string DecisionView::titles() const {
    return columns("verdict", "reason", "rule", "bucket", "owner", "that is");
}

std::string DecisionView::row(const Decision& decision) const {
    const ReasonInfo& info = info_of(decision.reason);
    const bool ruled = decision.rule != kNoRule;
    return columns(
        name_of(info.verdict), info.name, ruled ? name_of_rule(cluster_, decision.rule) : "-",
        ruled ? std::to_string(decision.bucket) : "-",
        decision.owner != kNoHost ? name_of_host(cluster_, decision.owner) : "-", info.help);
}

std::string DecisionView::sentence(const Decision& decision) const {
    const ReasonInfo& info = info_of(decision.reason);
    std::string rule;
    if (decision.rule != kNoRule)
        rule = fmt::format(": rule {}, bucket {}", name_of_rule(cluster_, decision.rule),
                           decision.bucket);
    if (decision.owner != kNoHost) rule += ", owner " + name_of_host(cluster_, decision.owner);
    return fmt::format("{} {}{} ({})", name_of(info.verdict), info.name, rule, info.help);
}

std::string DecisionView::columns(std::string_view verdict, std::string_view reason,
                                  std::string_view rule, std::string_view bucket,
                                  std::string_view owner, std::string_view help) const {
    return fmt::format("{:<7}  {:<{}}  {:<{}}  {:>6}  {:<{}}  {}", verdict, reason, kReasonWidth,
                       rule, rule_width_, bucket, owner, host_width_, help);
}

}  // namespace nlb::cli
