// Mistakes in hosts: one edit of a right file each, and exactly what the operator then reads.
// A message that changes here changes what operators search for.
#include "bad_yaml.hpp"

namespace nlb::config {
namespace {

const BadYaml kCases[] = {
    {"MissingHostsAreToldAtTheCluster", kHostsYaml, "",
     "nlb.yaml:2:5: clusters[0].hosts: expected a list of hosts, got nothing"},
    {"NoHostIsRefused", kHostsYaml, "    hosts: []\n",
     "nlb.yaml:10:12: clusters[0].hosts: expected a list of 1 to 32 hosts, got an empty list"},
    {"HostsThatAreANumberAreRefused", kHostsYaml, "    hosts: 3\n",
     R"(nlb.yaml:10:12: clusters[0].hosts: expected a list of hosts, got "3")"},
    {"HostsThatAreAMappingAreRefused", kHostsYaml, "    hosts: {edge1: {id: 1}}\n",
     "nlb.yaml:10:12: clusters[0].hosts: expected a list of hosts, got a mapping"},
    {"EveryMissingKeyIsTold", kHostsYaml,
     "    hosts:\n"
     "      - {initial_state: last}\n",
     "nlb.yaml:11:9: clusters[0].hosts[0].name: expected a name, got nothing\n"
     "nlb.yaml:11:9: clusters[0].hosts[0].id: expected a whole number in 1-32, got nothing\n"
     "nlb.yaml:11:9: clusters[0].hosts[0].outside: expected a DPDK device, got nothing\n"
     "nlb.yaml:11:9: clusters[0].hosts[0].inside: expected a DPDK device, got nothing\n"
     "nlb.yaml:11:9: clusters[0].hosts[0].lcores: expected lcores such as 2-5, got nothing"},
    {"AMissingIdIsToldAtTheHost", "        id: 1\n", "",
     "nlb.yaml:11:9: clusters[0].hosts[0].id: expected a whole number in 1-32, got nothing"},
    {"AMissingDeviceIsToldAtTheHost", "        inside: 'net_tap0,iface=nlb0'\n", "",
     "nlb.yaml:11:9: clusters[0].hosts[0].inside: expected a DPDK device, got nothing"},
    {"AnUnknownKeySuggestsTheNearest", "        id: 1\n",
     "        id: 1\n"
     "        weigths: {http: 70}\n",
     "nlb.yaml:13:9: clusters[0].hosts[0].weigths: expected a known key, got \"weigths\" (did you "
     "mean \"weights\"?)"},
    {"AKeyThatIsAListIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        ? [a, b]\n"
     "        : 3\n",
     "nlb.yaml:13:11: clusters[0].hosts[0]: expected a key, got a list"},
    {"AHostNameWithASlashIsRefused", "name: edge2", "name: edge/2",
     "nlb.yaml:17:15: clusters[0].hosts[1].name: expected a name of up to 63 letters, digits, "
     "\"-\", \"_\", \".\" that begins with a "
     "letter or digit, got \"edge/2\""},
    {"ADeviceToBeFilledInIsRefusedAsSuch", "'net_tap1,iface=nlb1'", "TODO",
     "nlb.yaml:21:17: clusters[0].hosts[1].inside: fill in this value: expected a DPDK device such "
     "as \"0000:3b:00.0\" or \"net_tap0,iface=nlb0\", got \"TODO\""},
    {"ANameToBeFilledInIsRefusedAsSuch", "name: edge2", "name: TODO",
     "nlb.yaml:17:15: clusters[0].hosts[1].name: fill in this value: expected a name, got "
     "\"TODO\""},
    {"LcoresToBeFilledInAreRefusedAsSuch", "lcores: 2-5", "lcores: TODO",
     "nlb.yaml:16:17: clusters[0].hosts[0].lcores: fill in this value: expected lcores in 0-1023, "
     "each once, such as 2-5, \"1,3\" or [1, 3], got \"TODO\""},
    {"ADuplicateNameIsNamed", "name: edge2", "name: edge1",
     "nlb.yaml:17:15: clusters[0].hosts[1].name: expected a name that no other host has, got "
     "\"edge1\" as in clusters[0].hosts[0]"},
    {"ADuplicateIdIsNamed", "id: 2", "id: 1",
     "nlb.yaml:18:13: clusters[0].hosts[1].id: expected an id that no other host has, got \"1\" as "
     "in clusters[0].hosts[0]"},
    {"AnIdOfZeroIsRefused", "id: 2", "id: 0",
     R"(nlb.yaml:18:13: clusters[0].hosts[1].id: expected a whole number in 1-32, got "0")"},
    {"AnIdBeyond32IsRefused", "id: 2", "id: 33",
     R"(nlb.yaml:18:13: clusters[0].hosts[1].id: expected a whole number in 1-32, got "33")"},
    {"AnIdWithALeadingZeroIsRefused", "id: 2", "id: 02",
     R"(nlb.yaml:18:13: clusters[0].hosts[1].id: expected a whole number in 1-32, got "02")"},
    {"AnIdInWordsIsRefused", "id: 2", "id: two",
     R"(nlb.yaml:18:13: clusters[0].hosts[1].id: expected a whole number in 1-32, got "two")"},
    {"ADedicatedAddressOfTwoHostsIsNamed", "192.0.2.12/24", "192.0.2.11/24",
     "nlb.yaml:19:21: clusters[0].hosts[1].addresses[0]: expected an address that is used once, "
     "got \"192.0.2.11\" as in "
     "clusters[0].hosts[0].addresses[0]"},
    {"AnAddressAsAScalarIsRefused", "[192.0.2.12/24]", "192.0.2.12/24",
     R"(nlb.yaml:19:20: clusters[0].hosts[1].addresses: expected a list of addresses, got "192.0.2.12/24")"},
    {"AnAddressThatIsNoneIsNamedByItsPlace", "[192.0.2.12/24]", "[192.0.2.12/24, edge2]",
     R"(nlb.yaml:19:36: clusters[0].hosts[1].addresses[1]: expected an IPv4 or IPv6 address, got "edge2")"},
    {"AWeightBeyond100IsRefused", "        id: 1\n",
     "        id: 1\n"
     "        weights: {http: 101}\n",
     "nlb.yaml:13:25: clusters[0].hosts[0].weights.http: expected equal or a whole number in "
     "0-100, got \"101\""},
    {"AWeightForAnUnknownRuleSuggestsTheNearest", "        id: 1\n",
     "        id: 1\n"
     "        weights: {htpp: 70}\n",
     "nlb.yaml:13:25: clusters[0].hosts[0].weights.htpp: expected the name of a port rule of this "
     "cluster, got \"htpp\" (did you mean "
     "\"http\"?)"},
    {"AWeightForASingleRuleIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        weights: {admin: 70}\n",
     "nlb.yaml:13:26: clusters[0].hosts[0].weights.admin: expected a rule of mode multiple, got "
     "one of mode single: it takes priorities, "
     "not weights"},
    {"AWeightForADisabledRuleIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        weights: {closed: 70}\n",
     "nlb.yaml:13:27: clusters[0].hosts[0].weights.closed: expected a rule of mode multiple, got "
     "one of mode disabled: it takes no "
     "weights"},
    {"WeightsThatAreAListAreRefused", "        id: 1\n",
     "        id: 1\n"
     "        weights: [70]\n",
     "nlb.yaml:13:18: clusters[0].hosts[0].weights: expected a mapping from rule names to weights, "
     "got a list"},
    {"APriorityForAMultipleRuleIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        priorities: {http: 1}\n",
     "nlb.yaml:13:28: clusters[0].hosts[0].priorities.http: expected a rule of mode single, got "
     "one of mode multiple: it takes weights, "
     "not priorities"},
    {"APriorityForADisabledRuleIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        priorities: {closed: 1}\n",
     "nlb.yaml:13:30: clusters[0].hosts[0].priorities.closed: expected a rule of mode single, got "
     "one of mode disabled: it takes no "
     "priorities"},
    {"APriorityForAnUnknownRuleIsNamed", "        id: 1\n",
     "        id: 1\n"
     "        priorities: {ftp: 1}\n",
     "nlb.yaml:13:27: clusters[0].hosts[0].priorities.ftp: expected the name of a port rule of "
     "this cluster, got \"ftp\""},
    {"APriorityBeyond32IsRefused", "        id: 1\n",
     "        id: 1\n"
     "        priorities: {admin: 33}\n",
     R"(nlb.yaml:13:29: clusters[0].hosts[0].priorities.admin: expected a whole number in 1-32, got "33")"},
    {"APriorityOfZeroIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        priorities: {admin: 0}\n",
     R"(nlb.yaml:13:29: clusters[0].hosts[0].priorities.admin: expected a whole number in 1-32, got "0")"},
    {"APriorityOfTwoHostsIsNamed",
     "        id: 1\n"
     "        addresses: [192.0.2.11/24]\n"
     "        outside: '0000:3b:00.0'\n"
     "        inside: 'net_tap0,iface=nlb0'\n"
     "        lcores: 2-5\n"
     "      - name: edge2\n"
     "        id: 2\n",
     "        id: 1\n"
     "        priorities: {admin: 3}\n"
     "        addresses: [192.0.2.11/24]\n"
     "        outside: '0000:3b:00.0'\n"
     "        inside: 'net_tap0,iface=nlb0'\n"
     "        lcores: 2-5\n"
     "      - name: edge2\n"
     "        id: 2\n"
     "        priorities: {admin: 3}\n",
     "nlb.yaml:20:29: clusters[0].hosts[1].priorities.admin: expected a priority that no other "
     "host has for this rule, got \"3\" as in "
     "clusters[0].hosts[0]"},
    {"APriorityThatIsAnotherHostsIdIsNamed", "        id: 1\n",
     "        id: 1\n"
     "        priorities: {admin: 2}\n",
     "nlb.yaml:13:29: clusters[0].hosts[0].priorities.admin: expected a priority that no other "
     "host has for this rule, got \"2\" as in "
     "clusters[0].hosts[1], whose id stands for a priority that is not given"},
    {"AnUnknownInitialStateIsRefused", "        id: 1\n",
     "        id: 1\n"
     "        initial_state: running\n",
     "nlb.yaml:13:24: clusters[0].hosts[0].initial_state: expected started, stopped, suspended or "
     "last, got \"running\""},
    {"AnEmptyDeviceIsRefused", "'0000:3b:00.0'", "''",
     "nlb.yaml:14:18: clusters[0].hosts[0].outside: expected a DPDK device such as "
     "\"0000:3b:00.0\" or \"net_tap0,iface=nlb0\", got \"\""},
    {"ADeviceWithBlanksIsRefused", "'0000:3b:00.0'", "'the first one'",
     "nlb.yaml:14:18: clusters[0].hosts[0].outside: expected a DPDK device such as "
     "\"0000:3b:00.0\" or \"net_tap0,iface=nlb0\", got \"the "
     "first one\""},
    {"AKernelInterfaceAsADeviceIsRefusedWithTheDeviceThatServesIt", "'0000:3b:00.0'", "'eth1'",
     "nlb.yaml:14:18: clusters[0].hosts[0].outside: expected a DPDK device; a kernel interface is "
     "\"net_af_packet0,iface=eth1\", got \"eth1\""},
    {"ADriverThatDpdkHasNotIsRefused", "'0000:3b:00.0'", "'net_tapp0,iface=nlb1'",
     "nlb.yaml:14:18: clusters[0].hosts[0].outside: expected a driver that DPDK has, such as "
     "net_tap, got \"net_tapp0\""},
    {"ADriverWithoutItsNumberIsRefused", "'0000:3b:00.0'", "'net_tap,iface=nlb1'",
     "nlb.yaml:14:18: clusters[0].hosts[0].outside: expected a DPDK device such as "
     "\"0000:3b:00.0\" or \"net_tap0,iface=nlb0\", got \"net_tap,iface=nlb1\""},
    {"APciAddressOfTheWrongShapeIsRefused", "'0000:3b:00.0'", "'0000:3b:00'",
     "nlb.yaml:14:18: clusters[0].hosts[0].outside: expected a DPDK device such as "
     "\"0000:3b:00.0\" or \"net_tap0,iface=nlb0\", got "
     "\"0000:3b:00\""},
    {"OutsideAndInsideOfOneDeviceAreNamed", "'net_tap0,iface=nlb0'", "'3B:00.0'",
     "nlb.yaml:15:17: clusters[0].hosts[0].inside: expected a device that this host uses once, got "
     "\"3B:00.0\" whose name 0000:3b:00.0 is "
     "that of clusters[0].hosts[0].outside"},
    {"TwoDevicesOnOneInterfaceAreNamed", "'0000:3b:00.0'", "'net_af_packet0,iface=nlb0'",
     "nlb.yaml:15:17: clusters[0].hosts[0].inside: expected a device that this host uses once, got "
     "\"net_tap0,iface=nlb0\" whose interface "
     "nlb0 is that of clusters[0].hosts[0].outside"},
    {"AnInsideMappingWithoutANameIsRefused", "'net_tap0,iface=nlb0'", "{kind: kernel}",
     "nlb.yaml:15:17: clusters[0].hosts[0].inside.name: expected the name of a kernel interface "
     "such as nlb0, got nothing"},
    {"AnInsideOfAnotherKindIsRefused", "'net_tap0,iface=nlb0'", "{kind: guest, name: nlb0}",
     "nlb.yaml:15:24: clusters[0].hosts[0].inside.kind: expected kernel, got \"guest\""},
    {"AKernelInterfaceOf16LettersIsRefused", "'net_tap0,iface=nlb0'",
     "{kind: kernel, name: abcdefghijklmnop}",
     "nlb.yaml:15:38: clusters[0].hosts[0].inside.name: expected the name of a kernel interface: "
     "up to 15 letters, digits, \"-\", \"_\", \".\" that begin with a letter or digit, got "
     "\"abcdefghijklmnop\""},
    {"AnInterfaceOf16LettersInADeviceIsRefused", "'net_tap0,iface=nlb0'",
     "'net_tap0,iface=abcdefghijklmnop'",
     "nlb.yaml:15:17: clusters[0].hosts[0].inside: expected behind iface= the name of a kernel "
     "interface: up to 15 letters, digits, \"-\", \"_\", \".\" that begin with a letter or digit, "
     "got \"abcdefghijklmnop\""},
    {"AServerMacThatIsAGroupIsRefused", "        id: 1\n",
     "        id: 1\n        server_mac: 01:00:5e:00:00:01\n",
     "nlb.yaml:13:21: clusters[0].hosts[0].server_mac: expected the MAC of one station, no group "
     "and not zero, got \"01:00:5e:00:00:01\""},
    {"AGatewayOutsideEachSubnetIsRefused", "        id: 1\n",
     "        id: 1\n        gateway: 10.9.9.1\n",
     "nlb.yaml:13:18: clusters[0].hosts[0].gateway: expected a router in a subnet of this host's "
     "or the cluster's addresses, got \"10.9.9.1\""},
    {"AGatewayThatIsAHostIsRefused", "        id: 1\n",
     "        id: 1\n        gateway: 192.0.2.11\n",
     "nlb.yaml:13:18: clusters[0].hosts[0].gateway: expected a router in a subnet of this host's "
     "or the cluster's addresses, got \"192.0.2.11\", which is one of these addresses"},
    {"TwoGatewaysOfOneFamilyAreRefused", "        id: 1\n",
     "        id: 1\n        gateway: [192.0.2.1, 192.0.2.2]\n",
     "nlb.yaml:13:18: clusters[0].hosts[0].gateway: expected at most one IPv4 and one IPv6 "
     "address, got two of one family"},
    {"AddressesByNobodyKnownIsRefused", "        id: 1\n",
     "        id: 1\n        addresses_by: hand\n",
     "nlb.yaml:13:23: clusters[0].hosts[0].addresses_by: expected managed or manual, got "
     "\"hand\""},
    {"OneDeviceInTwoClustersIsNamed", "metrics: {",
     "  - name: mail\n"
     "    address: 198.51.100.80\n"
     "    key_file: mail.key\n"
     "    hosts:\n"
     "      - {name: edge1, id: 1, outside: '0000:3b:00.0', inside: net_tap9, lcores: 6}\n"
     "metrics: {",
     "nlb.yaml:27:39: clusters[1].hosts[0].outside: expected a device that this host uses once, "
     "got \"0000:3b:00.0\" whose name "
     "0000:3b:00.0 is that of clusters[0].hosts[0].outside"},
    {"LcoresFromHighToLowAreRefused", "2-5", "5-2",
     "nlb.yaml:16:17: clusters[0].hosts[0].lcores: expected lcores in 0-1023, each once, such as "
     "2-5, \"1,3\" or [1, 3], got \"5-2\""},
    {"LcoresInWordsAreRefused", "2-5", "many",
     "nlb.yaml:16:17: clusters[0].hosts[0].lcores: expected lcores in 0-1023, each once, such as "
     "2-5, \"1,3\" or [1, 3], got \"many\""},
    {"AnLcoreTwiceIsRefused", "2-5", "'2,2'",
     "nlb.yaml:16:17: clusters[0].hosts[0].lcores: expected lcores in 0-1023, each once, such as "
     "2-5, \"1,3\" or [1, 3], got \"2,2\""},
    {"AnEmptyLcoreIsRefused", "2-5", "'2,'",
     "nlb.yaml:16:17: clusters[0].hosts[0].lcores: expected lcores in 0-1023, each once, such as "
     "2-5, \"1,3\" or [1, 3], got \"2,\""},
    {"AnLcoreBeyond1023IsRefused", "2-5", "1024",
     "nlb.yaml:16:17: clusters[0].hosts[0].lcores: expected lcores in 0-1023, each once, such as "
     "2-5, \"1,3\" or [1, 3], got \"1024\""},
    {"AnMtuBelowIpv6sLeastIsRefused", "lcores: 2-5\n", "lcores: 2-5\n        mtu: 1279\n",
     "nlb.yaml:17:14: clusters[0].hosts[0].mtu: expected a whole number in 1280-9216, got "
     "\"1279\""},
    {"ARingThatIsNoPowerOfTwoIsRefused", "lcores: 2-5\n", "lcores: 2-5\n        rx_ring: 1000\n",
     "nlb.yaml:17:18: clusters[0].hosts[0].rx_ring: expected a number of descriptors, a power of "
     "two in 64-16384, got \"1000\""},
    {"ARingThatIsTooLongIsRefused", "lcores: 2-5\n", "lcores: 2-5\n        tx_ring: 32768\n",
     "nlb.yaml:17:18: clusters[0].hosts[0].tx_ring: expected a number of descriptors, a power of "
     "two in 64-16384, got \"32768\""},
    {"NoLcoreIsRefused", "[2, 3]", "[]",
     "nlb.yaml:22:17: clusters[0].hosts[1].lcores: expected a list of 1 to 1024 lcores, got an "
     "empty list"},
    {"AnLcoreListWithAWordNamesItsPlace", "[2, 3]", "[2, x]",
     "nlb.yaml:22:21: clusters[0].hosts[1].lcores[1]: expected lcores in 0-1023, each once, such "
     "as 2-5, \"1,3\" or [1, 3], got \"x\""},
    {"LcoresThatAreAMappingAreRefused", "[2, 3]", "{first: 2}",
     "nlb.yaml:22:17: clusters[0].hosts[1].lcores: expected lcores in 0-1023, each once, such as "
     "2-5, \"1,3\" or [1, 3], got a mapping"},
};

class BadHost : public testing::TestWithParam<BadYaml> {};

TEST_P(BadHost, IsToldInFull) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadHost, testing::ValuesIn(kCases), claim_of);

}  // namespace
}  // namespace nlb::config
