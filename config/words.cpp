// The words themselves. A value that is added to an enum of the schema is added here, and nowhere
// else.
#include "config/words.hpp"

#include <array>

namespace nlb::config {
namespace {

constexpr std::array kLinkModes{Word{"unicast", LinkMode::unicast},
                                Word{"multicast", LinkMode::multicast},
                                Word{"igmp", LinkMode::igmp}};
constexpr std::array kIcmpModes{Word{"one", IcmpMode::one}, Word{"all", IcmpMode::all}};
constexpr std::array kRuleModes{Word{"multiple", RuleMode::multiple},
                                Word{"single", RuleMode::single},
                                Word{"disabled", RuleMode::disabled}};
constexpr std::array kAffinities{Word{"none", Affinity::none}, Word{"single", Affinity::single},
                                 Word{"network", Affinity::network}};
constexpr std::array kInitialStates{
    Word{"started", InitialState::started}, Word{"stopped", InitialState::stopped},
    Word{"suspended", InitialState::suspended}, Word{"last", InitialState::last}};
constexpr std::array kPollModes{Word{"busy", PollMode::busy}, Word{"adaptive", PollMode::adaptive}};
constexpr std::array kPartitionModes{Word{"serve", PartitionMode::serve},
                                     Word{"majority", PartitionMode::majority}};
constexpr std::array kCheckKinds{Word{"tcp", CheckKind::tcp}, Word{"http", CheckKind::http},
                                 Word{"https", CheckKind::https}, Word{"exec", CheckKind::exec},
                                 Word{"unit", CheckKind::unit}};
constexpr std::array kOnFail{Word{"drain", OnFail::drain}, Word{"stop", OnFail::stop}};
constexpr std::array kAllFailed{Word{"keep", AllFailed::keep}, Word{"drop", AllFailed::drop}};
constexpr std::array kProtocols{Word{"tcp", Protocols::tcp}, Word{"udp", Protocols::udp},
                                Word{"both", Protocols::both}};
constexpr std::array kAddressesBy{Word{"managed", AddressesBy::managed},
                                  Word{"manual", AddressesBy::manual}};

}  // namespace

template <>
std::span<const Word<LinkMode>> words_of<LinkMode>() {
    return kLinkModes;
}
template <>
std::span<const Word<IcmpMode>> words_of<IcmpMode>() {
    return kIcmpModes;
}
template <>
std::span<const Word<RuleMode>> words_of<RuleMode>() {
    return kRuleModes;
}
template <>
std::span<const Word<Affinity>> words_of<Affinity>() {
    return kAffinities;
}
template <>
std::span<const Word<InitialState>> words_of<InitialState>() {
    return kInitialStates;
}
template <>
std::span<const Word<PollMode>> words_of<PollMode>() {
    return kPollModes;
}
template <>
std::span<const Word<PartitionMode>> words_of<PartitionMode>() {
    return kPartitionModes;
}
template <>
std::span<const Word<CheckKind>> words_of<CheckKind>() {
    return kCheckKinds;
}
template <>
std::span<const Word<OnFail>> words_of<OnFail>() {
    return kOnFail;
}
template <>
std::span<const Word<AllFailed>> words_of<AllFailed>() {
    return kAllFailed;
}
template <>
std::span<const Word<Protocols>> words_of<Protocols>() {
    return kProtocols;
}

template <>
std::span<const Word<AddressesBy>> words_of<AddressesBy>() {
    return kAddressesBy;
}

}  // namespace nlb::config
