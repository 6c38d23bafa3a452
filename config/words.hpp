// The one list of words for each choice an operator has: YAML values, messages and command output
// are all read from here.
#pragma once

#include <span>
#include <string_view>

#include "config/schema.hpp"

namespace nlb::config {

template <class Choice>
struct Word {
    std::string_view text;
    Choice value;
};
// Compilers before P1816 (clang 14 builds the fuzzers) do not deduce an aggregate's arguments by
// themselves.
template <class Choice>
Word(std::string_view, Choice) -> Word<Choice>;

// Every value of the enum once, in the order in which messages list them.
template <class Choice>
std::span<const Word<Choice>> words_of();

template <>
std::span<const Word<LinkMode>> words_of<LinkMode>();
template <>
std::span<const Word<IcmpMode>> words_of<IcmpMode>();
template <>
std::span<const Word<RuleMode>> words_of<RuleMode>();
template <>
std::span<const Word<Affinity>> words_of<Affinity>();
template <>
std::span<const Word<InitialState>> words_of<InitialState>();
template <>
std::span<const Word<PollMode>> words_of<PollMode>();
template <>
std::span<const Word<PartitionMode>> words_of<PartitionMode>();
template <>
std::span<const Word<CheckKind>> words_of<CheckKind>();
template <>
std::span<const Word<OnFail>> words_of<OnFail>();
template <>
std::span<const Word<AllFailed>> words_of<AllFailed>();
template <>
std::span<const Word<Protocols>> words_of<Protocols>();
template <>
std::span<const Word<AddressesBy>> words_of<AddressesBy>();

}  // namespace nlb::config
