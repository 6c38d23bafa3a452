// A right configuration, and the table rows of its wrong variants: replace one piece, read every
// line of the answer. Names of rows are claims.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include "config/load.hpp"

namespace nlb::config {

inline const std::string kRulesYaml =
    "    port_rules:\n"
    "      - {name: http, ports: 80, protocol: tcp}\n"
    "      - {name: admin, ports: 8443, protocol: tcp, mode: single}\n"
    "      - {name: closed, ports: 100-200, mode: disabled}\n";
inline const std::string kHostsYaml =
    "    hosts:\n"
    "      - name: edge1\n"
    "        id: 1\n"
    "        addresses: [192.0.2.11/24]\n"
    "        outside: '0000:3b:00.0'\n"
    "        inside: 'net_tap0,iface=nlb0'\n"
    "        lcores: 2-5\n"
    "      - name: edge2\n"
    "        id: 2\n"
    "        addresses: [192.0.2.12/24]\n"
    "        outside: '0000:3c:00.0'\n"
    "        inside: 'net_tap1,iface=nlb1'\n"
    "        lcores: [2, 3]\n";
inline const std::string kRightYaml =
    "clusters:\n"
    "  - name: web\n"
    "    address: 192.0.2.80/24\n"
    "    key_file: web.key\n"
    "    virtual_addresses: [192.0.2.81, '2001:db8::80/64']\n" +
    kRulesYaml + kHostsYaml + "metrics: {listen: '127.0.0.1:9780'}\n";

struct BadYaml {
    const char* claim;
    std::string replaced;  // comes exactly once in kRightYaml
    std::string with;
    std::string told;  // all lines
};

inline void PrintTo(const BadYaml& bad, std::ostream* out) {
    *out << bad.claim;
}

inline std::string claim_of(const testing::TestParamInfo<BadYaml>& info) {
    return info.param.claim;
}

inline std::string edited(const std::string& replaced, const std::string& with) {
    std::string yaml = kRightYaml;
    const std::size_t at = yaml.find(replaced);
    EXPECT_NE(at, std::string::npos) << "the piece to be replaced is not there";
    if (at == std::string::npos) return yaml;
    EXPECT_EQ(yaml.find(replaced, at + 1), std::string::npos)
        << "the piece to be replaced comes twice";
    return yaml.replace(at, replaced.size(), with);
}

inline void expect_told(const BadYaml& bad) {
    const auto loaded = load_text(edited(bad.replaced, bad.with), "nlb.yaml");
    ASSERT_FALSE(loaded.ok()) << "the file was accepted";
    EXPECT_EQ(loaded.error().message, bad.told);
}

}  // namespace nlb::config
