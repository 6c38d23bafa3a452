// Mistakes in a cluster and at the top level: one edit of a right file each, and exactly what the
// operator then reads. A message that changes here changes what operators search for.
#include "bad_yaml.hpp"

namespace nlb::config {
namespace {

const BadYaml kCases[] = {
    {"AnUnknownKeySuggestsTheNearest", "    address: 192.0.2.80/24\n",
     "    adress: 192.0.2.80/24\n",
     R"(nlb.yaml:3:5: clusters[0].adress: expected a known key, got "adress" (did you mean "address"?))"},
    {"AnUnknownKeyFarFromAllListsThem", "metrics: {listen: '127.0.0.1:9780'}\n",
     "metrics: {listen: '127.0.0.1:9780'}\n"
     "fruit: apple\n",
     R"(nlb.yaml:24:1: fruit: expected one of the keys clusters, metrics, manager, state_dir, poll or eal, got "fruit")"},
    {"SwappedLettersAreSuggested", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {perido: 50ms}\n",
     "nlb.yaml:4:17: clusters[0].heartbeat.perido: expected a known key, got \"perido\" (did you "
     "mean \"period\"?)"},
    {"ADuplicateKeyIsNamed", "  - name: web\n",
     "  - name: web\n"
     "    name: again\n",
     "nlb.yaml:3:5: clusters[0].name: expected this key once, got it again after line 2"},
    {"AMissingNameIsToldAtTheCluster",
     "  - name: web\n"
     "    address",
     "  - address", "nlb.yaml:2:5: clusters[0].name: expected a name, got nothing"},
    {"AMissingAddressIsToldAtTheCluster", "    address: 192.0.2.80/24\n", "",
     "nlb.yaml:2:5: clusters[0].address: expected an IPv4 or IPv6 address, with or without "
     "/LENGTH, got nothing"},
    {"AMissingKeyFileIsToldAtTheCluster", "    key_file: web.key\n", "",
     "nlb.yaml:2:5: clusters[0].key_file: expected the path of a key file, got nothing"},
    {"AnEmptyKeyFileIsNothing", "key_file: web.key", "key_file: ''",
     R"(nlb.yaml:4:15: clusters[0].key_file: expected the path of a key file, got "")"},
    {"AKeyFileListIsNoPath", "key_file: web.key", "key_file: [a, b]",
     "nlb.yaml:4:15: clusters[0].key_file: expected the path of a key file, got a list"},
    {"ANameWithBlanksIsRefused", "  - name: web\n", "  - name: my web\n",
     "nlb.yaml:2:11: clusters[0].name: expected a name of up to 63 letters, digits, \"-\", \"_\", "
     "\".\" that begins with a letter or digit, got "
     "\"my web\""},
    {"ANameThatIsAListIsRefused", "  - name: web\n", "  - name: [web]\n",
     "nlb.yaml:2:11: clusters[0].name: expected a name, got a list"},
    {"TheWordAllIsNoName", "  - name: web\n", "  - name: all\n",
     "nlb.yaml:2:11: clusters[0].name: expected a name other than \"all\", which stands for every "
     "one, got \"all\""},
    {"AClusterThatIsAScalarIsRefused", "metrics: {listen: '127.0.0.1:9780'}\n",
     "  - mail\n"
     "metrics: {listen: '127.0.0.1:9780'}\n",
     R"(nlb.yaml:23:5: clusters[1]: expected a cluster, got "mail")"},
    {"AnAddressThatIsNoneIsRefused", "    address: 192.0.2.80/24\n", "    address: 192.0.2.256\n",
     R"(nlb.yaml:3:14: clusters[0].address: expected an IPv4 or IPv6 address, got "192.0.2.256")"},
    {"AnAddressWithLeadingZerosIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.02.80/24\n",
     R"(nlb.yaml:3:14: clusters[0].address: expected an IPv4 or IPv6 address, got "192.0.02.80")"},
    {"APrefixLengthBeyond32IsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/33\n",
     R"(nlb.yaml:3:14: clusters[0].address: expected a prefix length in 1-32, got "192.0.2.80/33")"},
    {"APrefixLengthBeyond128IsRefused", "'2001:db8::80/64'", "'2001:db8::80/129'",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected a prefix length in 1-128, got "
     "\"2001:db8::80/129\""},
    {"APrefixLengthOfNothingIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/\n",
     R"(nlb.yaml:3:14: clusters[0].address: expected a prefix length in 1-32, got "192.0.2.80/")"},
    {"AMappedAddressIsRefused", "'2001:db8::80/64'", "'::ffff:192.0.2.9'",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected IPv4 written as 192.0.2.9, got "
     "\"::ffff:192.0.2.9\""},
    {"AZoneIsRefused", "'2001:db8::80/64'", "'fe80::1%eth0'",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected an IPv4 or IPv6 address, got "
     "\"fe80::1%eth0\""},
    {"AMulticastVirtualAddressIsRefused", "[192.0.2.81,", "[224.0.0.1,",
     "nlb.yaml:5:25: clusters[0].virtual_addresses[0]: expected an address that a host can have, "
     "got \"224.0.0.1/32\", a multicast "
     "address"},
    {"AnIPv6MulticastVirtualAddressIsRefused", "'2001:db8::80/64'", "'ff02::1'",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected an address that a host can have, "
     "got \"ff02::1/128\", a multicast address"},
    {"ALoopbackAddressIsRefused", "[192.0.2.81,", "[127.0.0.1,",
     "nlb.yaml:5:25: clusters[0].virtual_addresses[0]: expected an address that a host can have, "
     "got \"127.0.0.1/32\", a loopback address"},
    {"AnUnspecifiedAddressIsRefused", "'2001:db8::80/64'", "'::'",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected an address that a host can have, "
     "got \"::/128\", the unspecified address"},
    {"ALinkLocalVirtualAddressIsRefused", "'2001:db8::80/64'", "'fe80::80/64'",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected a virtual address that clients can "
     "reach, got \"fe80::80/64\", a link-local address; take one of a routed network"},
    {"SoIsOneOfIPv4", "[192.0.2.81,", "[169.254.3.4,",
     "nlb.yaml:5:25: clusters[0].virtual_addresses[0]: expected a virtual address that clients can "
     "reach, got \"169.254.3.4/32\", a link-local address; take one of a routed network"},
    {"AVlanBeyond4094IsRefused", "    key_file: web.key\n",
     "    key_file: web.key\n    vlan: 4095\n",
     R"(nlb.yaml:5:11: clusters[0].vlan: expected a whole number in 1-4094, got "4095")"},
    {"VlanZeroIsRefused", "    key_file: web.key\n", "    key_file: web.key\n    vlan: 0\n",
     R"(nlb.yaml:5:11: clusters[0].vlan: expected a whole number in 1-4094, got "0")"},
    {"ANetworkAddressIsRefused", "    address: 192.0.2.80/24\n", "    address: 192.0.2.0/24\n",
     "nlb.yaml:3:14: clusters[0].address: expected an address that a host can have, got "
     "\"192.0.2.0/24\", its network's own address"},
    {"ABroadcastAddressIsRefused", "[192.0.2.11/24]", "[192.0.2.255/24]",
     "nlb.yaml:13:21: clusters[0].hosts[0].addresses[0]: expected an address that a host can have, "
     "got \"192.0.2.255/24\", its network's "
     "broadcast address"},
    {"ABroadcastAddressOfAnotherSubnetIsRefused", "[192.0.2.81,", "[192.0.2.81/25, 192.0.2.127,",
     "nlb.yaml:5:40: clusters[0].virtual_addresses[1]: expected an address that a host can have, "
     "got \"192.0.2.127/32\", the broadcast "
     "address of the subnet of clusters[0].virtual_addresses[0]"},
    {"AReservedAddressIsRefused", "[192.0.2.81,", "[255.255.255.255,",
     "nlb.yaml:5:25: clusters[0].virtual_addresses[0]: expected an address that a host can have, "
     "got \"255.255.255.255/32\", a reserved "
     "address"},
    {"AVirtualAddressTwiceIsNamed", "[192.0.2.81,", "[192.0.2.81, 192.0.2.81/24,",
     "nlb.yaml:5:37: clusters[0].virtual_addresses[1]: expected an address that is used once, got "
     "\"192.0.2.81\" as in "
     "clusters[0].virtual_addresses[0]"},
    {"ThePrimaryAddressAgainIsNamed", "[192.0.2.81,", "[192.0.2.80,",
     "nlb.yaml:5:25: clusters[0].virtual_addresses[0]: expected an address that is used once, got "
     "\"192.0.2.80\" as in "
     "clusters[0].address"},
    {"AVirtualAddressThatIsDedicatedIsNamed", "[192.0.2.12/24]", "[192.0.2.81/24]",
     "nlb.yaml:19:21: clusters[0].hosts[1].addresses[0]: expected a dedicated address, got "
     "\"192.0.2.81\", which is virtual in "
     "clusters[0].virtual_addresses[0]"},
    {"VirtualAddressesAsAScalarAreRefused", "[192.0.2.81, '2001:db8::80/64']", "192.0.2.81",
     R"(nlb.yaml:5:24: clusters[0].virtual_addresses: expected a list of addresses, got "192.0.2.81")"},
    {"AnUnknownModeListsTheWords", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    mode: multcast\n",
     R"(nlb.yaml:4:11: clusters[0].mode: expected unicast, multicast or igmp, got "multcast")"},
    {"AModeThatIsAMappingIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    mode: {kind: igmp}\n",
     "nlb.yaml:4:11: clusters[0].mode: expected unicast, multicast or igmp, got a mapping"},
    {"IgmpNeedsAnIPv4Primary", "    address: 192.0.2.80/24\n",
     "    address: '2001:db8::1/64'\n"
     "    mode: igmp\n",
     "nlb.yaml:4:11: clusters[0].mode: expected unicast or multicast, because igmp needs an IPv4 "
     "primary address, got \"igmp\" with "
     "\"2001:db8::1\""},
    {"APeriodWithoutUnitIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: 100}\n",
     "nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration such as 100ms, 1.5s, 20m or "
     "24h, got \"100\""},
    {"APeriodInWordsIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: fast}\n",
     "nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration such as 100ms, 1.5s, 20m or "
     "24h, got \"fast\""},
    {"APeriodOfTwoUnitsIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: 1s500ms}\n",
     "nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration such as 100ms, 1.5s, 20m or "
     "24h, got \"1s500ms\""},
    {"ANegativePeriodIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: -100ms}\n",
     "nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration such as 100ms, 1.5s, 20m or "
     "24h, got \"-100ms\""},
    {"APeriodTooShortIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: 9ms}\n",
     R"(nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration from 10ms to 10s, got "9ms")"},
    {"APeriodTooLongIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: 11s}\n",
     R"(nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration from 10ms to 10s, got "11s")"},
    {"APeriodBeyondEveryClockIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: 99999999999999999999h}\n",
     "nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration such as 100ms, 1.5s, 20m or "
     "24h, got \"99999999999999999999h\""},
    {"APeriodThatIsAListIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {period: [100ms]}\n",
     "nlb.yaml:4:25: clusters[0].heartbeat.period: expected a duration such as 100ms, 1.5s, 20m or "
     "24h, got a list"},
    {"AToleranceTooLowIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {tolerance: 2}\n",
     R"(nlb.yaml:4:28: clusters[0].heartbeat.tolerance: expected a whole number in 3-100, got "2")"},
    {"AToleranceTooHighIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {tolerance: 101}\n",
     R"(nlb.yaml:4:28: clusters[0].heartbeat.tolerance: expected a whole number in 3-100, got "101")"},
    {"AFractionOfToleranceIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat: {tolerance: 5.5}\n",
     R"(nlb.yaml:4:28: clusters[0].heartbeat.tolerance: expected a whole number in 3-100, got "5.5")"},
    {"AHeartbeatOfNothingIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    heartbeat:\n",
     "nlb.yaml:4:5: clusters[0].heartbeat: expected a mapping with period or tolerance, got "
     "nothing"},
    {"AnUnknownPartitionWordIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    partition: minority\n",
     R"(nlb.yaml:4:16: clusters[0].partition: expected serve or majority, got "minority")"},
    {"AnUnknownIcmpWordIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    icmp: none\n",
     R"(nlb.yaml:4:11: clusters[0].icmp: expected one or all, got "none")"},
    {"TooManyConnectionsAreRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    connections: {max: 1000000000000}\n",
     "nlb.yaml:4:24: clusters[0].connections.max: expected a whole number in 1024-100000000, got "
     "\"1000000000000\""},
    {"AHalfSecondTimeOutIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    connections: {half_open: 500ms}\n",
     "nlb.yaml:4:30: clusters[0].connections.half_open: expected a duration of whole seconds from "
     "1s to 720h, got \"500ms\""},
    {"AFractionOfASecondTimeOutIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    connections: {closing: 1.5s}\n",
     "nlb.yaml:4:28: clusters[0].connections.closing: expected a duration of whole seconds from 1s "
     "to 720h, got \"1.5s\""},
    {"AYesIsNoFlag", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    ipsec: {drop_state_if_not_bucket_owner: yes}\n",
     R"(nlb.yaml:4:45: clusters[0].ipsec.drop_state_if_not_bucket_owner: expected true or false, got "yes")"},
    {"AnIdleTimeBeyondAMonthIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    ipsec: {idle: 721h}\n",
     "nlb.yaml:4:19: clusters[0].ipsec.idle: expected a duration of whole seconds from 1s to 720h, "
     "got \"721h\""},
    {"ARemoteControlPortOfZeroIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    remote_control: {enabled: true, key_file: remote.key, port: 0}\n",
     R"(nlb.yaml:4:65: clusters[0].remote_control.port: expected a whole number in 1-65535, got "0")"},
    {"RemoteControlWithoutAKeyIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    remote_control: {enabled: true}\n",
     "nlb.yaml:4:21: clusters[0].remote_control: expected a key_file that `nlb keygen` wrote, got "
     "none"},
    {"RemoteControlUnderTheClustersKeyIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    remote_control: {enabled: true, key_file: web.key}\n",
     "nlb.yaml:4:47: clusters[0].remote_control.key_file: expected another key than the cluster's, "
     "whose holder is a host, got \"web.key\""},
    {"RemoteControlAtAPortOfIpsecIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    remote_control: {enabled: true, key_file: remote.key, port: 500}\n",
     "nlb.yaml:4:65: clusters[0].remote_control.port: expected a port that IPsec does not use, got "
     "\"500\""},
    {"TheMacOfAGroupIsNoStations", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    mac: '03:bf:00:00:00:01'\n",
     R"(nlb.yaml:4:10: clusters[0].mac: expected the MAC of one station in mode unicast, got "03:bf:00:00:00:01")"},
    {"AStationsMacIsNoGroups", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    mode: multicast\n"
     "    mac: '02:bf:00:00:00:01'\n",
     R"(nlb.yaml:5:10: clusters[0].mac: expected the MAC of a group in mode multicast, got "02:bf:00:00:00:01")"},
    {"AMacByHandHasNoPlaceInModeIgmp", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    mode: igmp\n"
     "    mac: '01:00:5e:00:00:01'\n",
     "nlb.yaml:5:10: clusters[0].mac: expected no mac in mode igmp, whose group comes from the "
     "address, got \"01:00:5e:00:00:01\""},
    {"AHostsMaskedSourceIsNoClusterMac", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    mac: '02:02:c0:00:02:50'\n",
     "nlb.yaml:4:10: clusters[0].mac: expected another MAC than a host's masked source, got "
     "\"02:02:c0:00:02:50\""},
    {"AGenerationOfZeroIsRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    generation: 0\n",
     R"(nlb.yaml:4:17: clusters[0].generation: expected a whole number in 1-4611686018427387904, got "0")"},
    {"AFormerKeyThatIsThePresentOneIsNamed", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    former_key_files: [old.key, web.key]\n",
     "nlb.yaml:4:33: clusters[0].former_key_files[1]: expected a key file that is not named "
     "already, got \"web.key\""},
    {"TooManyFormerKeysAreRefused", "    address: 192.0.2.80/24\n",
     "    address: 192.0.2.80/24\n"
     "    former_key_files: [a, b, c, d]\n",
     "nlb.yaml:4:33: clusters[0].former_key_files[3]: expected at most 3 key files, got 4"},
    {"TwoClustersOfOneNameAreRefused", "metrics: {listen: '127.0.0.1:9780'}\n",
     "  - name: web\n"
     "    address: 198.51.100.80\n"
     "    key_file: mail.key\n"
     "    hosts:\n"
     "      - {name: edge1, id: 1, outside: '0000:3d:00.0', inside: net_tap9, lcores: 6}\n"
     "metrics: {listen: '127.0.0.1:9780'}\n",
     "nlb.yaml:23:11: clusters[1].name: expected a name that no other cluster has, got \"web\" as "
     "in clusters[0].name"},
    {"TwoClustersOfOnePrimaryAreRefused", "metrics: {listen: '127.0.0.1:9780'}\n",
     "  - name: mail\n"
     "    address: 192.0.2.80\n"
     "    key_file: mail.key\n"
     "    hosts:\n"
     "      - {name: edge1, id: 1, outside: '0000:3d:00.0', inside: net_tap9, lcores: 6}\n"
     "metrics: {listen: '127.0.0.1:9780'}\n",
     "nlb.yaml:24:14: clusters[1].address: expected an address that is used once, got "
     "\"192.0.2.80\" as in clusters[0].address"},
    {"AVirtualAddressOfTwoClustersIsNamed", "metrics: {listen: '127.0.0.1:9780'}\n",
     "  - name: mail\n"
     "    address: 192.0.2.81\n"
     "    key_file: mail.key\n"
     "    hosts:\n"
     "      - {name: edge1, id: 1, outside: '0000:3d:00.0', inside: net_tap9, lcores: 6}\n"
     "metrics: {listen: '127.0.0.1:9780'}\n",
     "nlb.yaml:24:14: clusters[1].address: expected an address that is used once, got "
     "\"192.0.2.81\" as in "
     "clusters[0].virtual_addresses[0]"},
    {"NoClusterIsRefused", kRightYaml, "clusters: []\n",
     "nlb.yaml:1:11: clusters: expected a list of 1 to 16 clusters, got an empty list"},
    {"ClustersThatAreANumberAreRefused", kRightYaml, "clusters: 3\n",
     R"(nlb.yaml:1:11: clusters: expected a list of clusters, got "3")"},
    {"ClustersOfNothingAreRefused", kRightYaml, "clusters:\n",
     "nlb.yaml:1:1: clusters: expected a list of clusters, got nothing"},
    {"MissingClustersAreRefused", kRightYaml, "metrics: {listen: '127.0.0.1:9780'}\n",
     "nlb.yaml:1:1: clusters: expected a list of clusters, got nothing"},
    {"AListenAddressWithoutPortIsRefused", "'127.0.0.1:9780'", "'127.0.0.1'",
     "nlb.yaml:23:19: metrics.listen: expected \"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"\" for none, "
     "got \"127.0.0.1\""},
    {"AListenNameIsRefused", "'127.0.0.1:9780'", "'localhost:9780'",
     "nlb.yaml:23:19: metrics.listen: expected \"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"\" for none, "
     "got \"localhost:9780\""},
    {"AListenPortBeyond65535IsRefused", "'127.0.0.1:9780'", "'127.0.0.1:97800'",
     "nlb.yaml:23:19: metrics.listen: expected \"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"\" for none, "
     "got \"127.0.0.1:97800\""},
    {"AListenIPv6AddressNeedsBrackets", "'127.0.0.1:9780'", "'::1:9780'",
     "nlb.yaml:23:19: metrics.listen: expected \"ADDRESS:PORT\", \"[IPV6]:PORT\" or \"\" for none, "
     "got \"::1:9780\""},
    {"EachOfManyListenAddressesIsRead", "'127.0.0.1:9780'", "['127.0.0.1:9780', here]",
     "nlb.yaml:23:38: metrics.listen[1]: expected \"ADDRESS:PORT\" or \"[IPV6]:PORT\", got "
     "\"here\""},
    {"APlaceToListenAtIsNamedOnce", "'127.0.0.1:9780'", "['127.0.0.1:9780', '127.0.0.1:9780']",
     "nlb.yaml:23:38: metrics.listen[1]: expected a place that is not named already, got "
     "\"127.0.0.1:9780\""},
    {"MetricsThatAreAScalarAreRefused", "metrics: {listen: '127.0.0.1:9780'}\n", "metrics: off\n",
     R"(nlb.yaml:23:10: metrics: expected a mapping with the key listen, got "off")"},
    {"AnUnknownPollWordListsTheWords", "metrics: {listen: '127.0.0.1:9780'}\n",
     "metrics: {listen: '127.0.0.1:9780'}\n"
     "poll: adaptve\n",
     R"(nlb.yaml:24:7: poll: expected busy or adaptive, got "adaptve")"},
    {"HugepagesInSizesAreRefused", "metrics: {listen: '127.0.0.1:9780'}\n",
     "metrics: {listen: '127.0.0.1:9780'}\n"
     "eal: {hugepages: 2MB}\n",
     R"(nlb.yaml:24:18: eal.hugepages: expected true or false, got "2MB")"},
    {"TooLittleMemoryIsRefused", "metrics: {listen: '127.0.0.1:9780'}\n",
     "metrics: {listen: '127.0.0.1:9780'}\n"
     "eal: {memory: 8}\n",
     R"(nlb.yaml:24:15: eal.memory: expected a whole number in 32-1048576, got "8")"},
};

class BadCluster : public testing::TestWithParam<BadYaml> {};

TEST_P(BadCluster, IsToldInFull) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadCluster, testing::ValuesIn(kCases), claim_of);

}  // namespace
}  // namespace nlb::config
