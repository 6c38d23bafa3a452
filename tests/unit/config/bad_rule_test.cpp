// Mistakes in port rules: one edit of a right file each, and exactly what the operator then reads.
// A message that changes here changes what operators search for.
#include "bad_yaml.hpp"

namespace nlb::config {
namespace {

const BadYaml kCases[] = {
    {"RulesThatAreANumberAreNoEmptyList", kRulesYaml, "    port_rules: 3\n",
     R"(nlb.yaml:6:17: clusters[0].port_rules: expected a list of port rules, got "3")"},
    {"RulesOfNothingAreRefused", kRulesYaml, "    port_rules:\n",
     "nlb.yaml:6:5: clusters[0].port_rules: expected a list of port rules, got nothing"},
    {"RulesThatAreAMappingAreRefused", kRulesYaml, "    port_rules: {name: http}\n",
     "nlb.yaml:6:17: clusters[0].port_rules: expected a list of port rules, got a mapping"},
    {"ARuleThatIsAWordIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - http\n",
     R"(nlb.yaml:7:9: clusters[0].port_rules[0]: expected a port rule, got "http")"},
    {"ARuleOfNothingIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n", "      -\n",
     "nlb.yaml:7:7: clusters[0].port_rules[0]: expected a port rule, got nothing"},
    {"AMissingNameIsToldAtTheRule", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {ports: 80}\n",
     "nlb.yaml:7:9: clusters[0].port_rules[0].name: expected a name, got nothing"},
    {"AnUnknownKeySuggestsTheNearest", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, port: 80}\n",
     "nlb.yaml:7:22: clusters[0].port_rules[0].port: expected a known key, got \"port\" (did you "
     "mean \"ports\"?)"},
    {"ADuplicateKeyIsNamed", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, ports: 81}\n",
     "nlb.yaml:7:33: clusters[0].port_rules[0].ports: expected this key once, got it again after "
     "line 7"},
    {"ADuplicateNameIsNamed", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: tcp}\n"
     "      - {name: http, ports: 81}\n",
     "nlb.yaml:8:16: clusters[0].port_rules[1].name: expected a name that no other rule has, got "
     "\"http\" as in clusters[0].port_rules[0]"},
    {"ANameOfDigitsIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: 80, ports: 80}\n",
     R"(nlb.yaml:7:16: clusters[0].port_rules[0].name: expected a name that is no port number, got "80")"},
    {"ANameWithAColonIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: 'a:b', ports: 80}\n",
     "nlb.yaml:7:16: clusters[0].port_rules[0].name: expected a name of up to 63 letters, digits, "
     "\"-\", \"_\" that begins with a letter "
     "or digit, got \"a:b\""},
    {"APortThatIsAWordIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: http}\n",
     R"(nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, got "http")"},
    {"APortBeyond65535IsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 65536}\n",
     R"(nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, got "65536")"},
    {"ANegativePortIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: -1}\n",
     R"(nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, got "-1")"},
    {"ARangeFromHighToLowIsNamed", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 90-80}\n",
     "nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a range from the lower port to the "
     "higher, got \"90-80\""},
    {"ARangeWithoutEndIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80-}\n",
     R"(nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, got "80-")"},
    {"AListOfPortsIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: [80, 443]}\n",
     "nlb.yaml:7:29: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, got a "
     "list"},
    {"PortsOfNothingAreRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: }\n",
     "nlb.yaml:7:22: clusters[0].port_rules[0].ports: expected a port or a range in 0-65535, got "
     "nothing"},
    {"AnUnknownProtocolIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: sctp}\n",
     R"(nlb.yaml:7:43: clusters[0].port_rules[0].protocol: expected tcp, udp or both, got "sctp")"},
    {"AnUnknownModeListsTheWords", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, mode: multple}\n",
     R"(nlb.yaml:7:39: clusters[0].port_rules[0].mode: expected multiple, single or disabled, got "multple")"},
    {"AnUnknownAffinityIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: classC}\n",
     R"(nlb.yaml:7:43: clusters[0].port_rules[0].affinity: expected none, single or network, got "classC")"},
    {"AnAffinityMappingNeedsAKind", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: {timeout: 20m}}\n",
     "nlb.yaml:7:43: clusters[0].port_rules[0].affinity.kind: expected none, single or network, "
     "got nothing"},
    {"AnAffinityTimeoutWithoutUnitIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: {kind: single, timeout: 20}}\n",
     "nlb.yaml:7:67: clusters[0].port_rules[0].affinity.timeout: expected a duration such as "
     "100ms, 1.5s, 20m or 24h, got \"20\""},
    {"AnAffinityTimeoutBelowTenSecondsIsRefused",
     "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: {kind: single, timeout: 9s}}\n",
     "nlb.yaml:7:67: clusters[0].port_rules[0].affinity.timeout: expected a duration of whole "
     "seconds from 10s to 24h, got \"9s\""},
    {"AnAffinityTimeoutBeyondADayIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: {kind: network, timeout: 25h}}\n",
     "nlb.yaml:7:68: clusters[0].port_rules[0].affinity.timeout: expected a duration of whole "
     "seconds from 10s to 24h, got \"25h\""},
    {"AnAffinityTimeoutOfPartsOfSecondsIsRefused",
     "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: {kind: single, timeout: 10500ms}}\n",
     "nlb.yaml:7:67: clusters[0].port_rules[0].affinity.timeout: expected a duration of whole "
     "seconds from 10s to 24h, got \"10500ms\""},
    {"AnAffinityTimeoutWithoutAffinityIsRefused",
     "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, affinity: {kind: none, timeout: 20m}}\n",
     "nlb.yaml:7:65: clusters[0].port_rules[0].affinity.timeout: expected no timeout with affinity "
     "none, got one"},
    {"AnAffinityTimeoutOfASingleRuleIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, mode: single, affinity: {kind: single, timeout: 20m}}\n",
     "nlb.yaml:7:81: clusters[0].port_rules[0].affinity.timeout: expected no timeout for a rule of "
     "mode single, got one"},
    {"AWeightBeyond100IsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, weight: 101}\n",
     "nlb.yaml:7:41: clusters[0].port_rules[0].weight: expected equal or a whole number in 0-100, "
     "got \"101\""},
    {"ANegativeWeightIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, weight: -1}\n",
     "nlb.yaml:7:41: clusters[0].port_rules[0].weight: expected equal or a whole number in 0-100, "
     "got \"-1\""},
    {"AWeightInWordsIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, weight: heavy}\n",
     "nlb.yaml:7:41: clusters[0].port_rules[0].weight: expected equal or a whole number in 0-100, "
     "got \"heavy\""},
    {"AWeightOfASingleRuleIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, mode: single, weight: 50}\n",
     "nlb.yaml:7:55: clusters[0].port_rules[0].weight: expected no weight for a rule of mode "
     "single, got one"},
    {"AWeightOfADisabledRuleIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, mode: disabled, weight: equal}\n",
     "nlb.yaml:7:57: clusters[0].port_rules[0].weight: expected no weight for a rule of mode "
     "disabled, got one"},
    {"AVipThatIsNoAddressIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, vip: any, ports: 80}\n",
     "nlb.yaml:7:27: clusters[0].port_rules[0].vip: expected all or an address of the cluster, "
     "without a prefix length, got \"any\""},
    {"AVipWithAPrefixIsRefused", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, vip: 192.0.2.81/24, ports: 80}\n",
     "nlb.yaml:7:27: clusters[0].port_rules[0].vip: expected all or an address of the cluster, "
     "without a prefix length, got "
     "\"192.0.2.81/24\""},
    {"AVipThatIsNotTheClustersIsNamed", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, vip: 192.0.2.99, ports: 80}\n",
     "nlb.yaml:7:27: clusters[0].port_rules[0].vip: expected all or one of the cluster's virtual "
     "addresses, got \"192.0.2.99\""},
    {"AVipThatIsDedicatedIsNotTheClusters", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, vip: 192.0.2.11, ports: 80}\n",
     "nlb.yaml:7:27: clusters[0].port_rules[0].vip: expected all or one of the cluster's virtual "
     "addresses, got \"192.0.2.11\""},
    {"EqualRangesOverlap", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: tcp}\n"
     "      - {name: more, ports: 80, protocol: tcp}\n",
     "nlb.yaml:8:29: clusters[0].port_rules[1].ports: expected ports apart from those of rule "
     "\"http\" (tcp 80, vip all), got tcp 80, vip "
     "all"},
    {"RangesThatShareOnePortOverlap", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: tcp}\n"
     "      - {name: more, ports: 200-300, protocol: udp}\n",
     "nlb.yaml:10:31: clusters[0].port_rules[3].ports: expected ports apart from those of rule "
     "\"more\" (udp 200-300, vip all), got both "
     "100-200, vip all"},
    {"BothOverlapsWithTcp", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: tcp}\n"
     "      - {name: more, ports: 70-90, protocol: both}\n",
     "nlb.yaml:8:29: clusters[0].port_rules[1].ports: expected ports apart from those of rule "
     "\"http\" (tcp 80, vip all), got both 70-90, "
     "vip all"},
    {"OmittedPortsOverlapEverything", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: tcp}\n"
     "      - {name: more}\n",
     "nlb.yaml:8:9: clusters[0].port_rules[1].ports: expected ports apart from those of rule "
     "\"http\" (tcp 80, vip all), got both all, vip "
     "all"},
    {"RangesOfOneVipOverlap", "      - {name: http, ports: 80, protocol: tcp}\n",
     "      - {name: http, ports: 80, protocol: tcp}\n"
     "      - {name: a, vip: 192.0.2.81, ports: 10-20, protocol: tcp}\n"
     "      - {name: b, vip: 192.0.2.81, ports: 20-30, protocol: tcp}\n",
     "nlb.yaml:9:43: clusters[0].port_rules[2].ports: expected ports apart from those of rule "
     "\"a\" (tcp 10-20, vip 192.0.2.81), got tcp "
     "20-30, vip 192.0.2.81"},
};

class BadRule : public testing::TestWithParam<BadYaml> {};

TEST_P(BadRule, IsToldInFull) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadRule, testing::ValuesIn(kCases), claim_of);

}  // namespace
}  // namespace nlb::config
