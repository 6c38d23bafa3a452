// Guards that can be taken out one at a time, so that the simulator shows that it would notice.
// Product builds have none of it: without NLB_MUTATIONS mutated() is constant false and the branch
// is gone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nlb {

// clang-format off
//   member              name on the command line   the guard that is missing
#define NLB_MUTATION_LIST(X) \
    X(none,               "none",               "nothing is missing") \
    X(no_fence,           "no-fence",           "cores serve past the end of their lease") \
    X(lease_from_send,    "lease-from-send",    "R3: the lease runs from my sending, not from what peers acknowledged") \
    X(lease_long,         "lease-long",         "(i): the lease is 1.02 T*P") \
    X(base_from_belief,   "base-from-belief",   "R3: a life that was just believed counts from then on, not from what it acknowledged") \
    X(no_cap,             "no-cap",             "R3: dropping a silent peer renews from now") \
    X(count_strangers,    "count-strangers",    "R3: a majority counts hosts of other configurations") \
    X(one_majority,       "one-majority",       "reload: a majority of one of the two configurations is enough") \
    X(resurrect,          "resurrect",          "R2: a lapsed lease is renewed") \
    X(advertise_early,    "advertise-early",    "R8: a release is stated before the grace period") \
    X(acquire_early,      "acquire-early",      "R8: buckets are taken before all members state the epoch") \
    X(stale_release,      "stale-release",      "R8: a release of another epoch counts") \
    X(outsider_blind,     "outsider-blind",     "R8: what a heard outsider claims does not matter") \
    X(one_phase,          "one-phase",          "R8: buckets are released before all members state the epoch") \
    X(client_blind,       "client-blind",       "R15: a host that hears no client keeps its buckets") \
    X(no_echo,            "no-echo",            "R1: a new boot is believed at once") \
    X(weak_echo,          "weak-echo",          "R1: any acknowledgement proves a new boot") \
    X(any_order,          "any-order",          "R1: old sequences are accepted") \
    X(believe_early,      "believe-early",      "R1: a new boot is believed while its former life may still serve") \
    X(stale_proof,        "stale-proof",        "R1: an acknowledgement of any age shows a living host") \
    X(unproven_counts,    "unproven-counts",    "R1: whoever is heard again after T*P counts before it shows that it hears me") \
    X(frozen_blind,       "frozen-blind",       "R5: a member that was frozen does not mind that the others have buried it") \
    X(ack_buried,         "ack-buried",         "R4: the buried are acknowledged") \
    X(no_listening_time,  "no-listening-time",  "R5: silence is counted while the loop did not run") \
    X(trust_mute,         "trust-mute",         "R5: silence is counted while the dataplane was stopped") \
    X(boot_blind,         "boot-blind",         "R6: bootstrap beside signs that somebody serves") \
    X(hasty_claims,       "hasty-claims",       "R6: answers for virtual addresses count before this host has listened for the members") \
    X(one_candidate,      "one-candidate",      "R6: of the lives of an id that are not believed only one is a sign") \
    X(no_aside,           "no-aside",           "R6: a beginner whom a sign holds up does not say that nobody needs to wait for it") \
    X(adopt_any,          "adopt-any",          "R7: maps that lack a living member, or have a buried one, are adopted") \
    X(no_meeting,         "no-meeting",         "R9: lineages that meet both go on") \
    X(warm_talk,          "warm-talk",          "R10: a warm restart speaks before it has heard the members") \
    X(stale_words,        "stale-words",        "R10: whoever stood still speaks before it has heard the others") \
    X(warm_forget,        "warm-forget",        "R10: a warm restart renews a lapsed lease") \
    X(deaf_blind,         "deaf-blind",         "R12: a host that hears nothing at all does not notice") \
    X(no_witness,         "no-witness",         "R12: nobody is asked before a host takes itself for deaf") \
    X(former_word,        "former-word",        "reload: what a peer said before the last change-over counts as following this one") \
    X(reload_early,       "reload-early",       "reload: the new configuration is used before everything was given back") \
    X(grant_keep,         "grant-keep",         "sticky: cores go on by what an older epoch granted") \
    X(grant_linger,       "grant-linger",       "sticky: an epoch counts as stated before the cores have dropped what an older one granted") \
    X(grant_late_base,    "grant-late-base",    "sticky: a grant counts from its receipt, not from what it acknowledges") \
    X(grant_any_epoch,    "grant-any-epoch",    "sticky: a grant of another epoch, or of a host that does not own the bucket, is taken") \
    X(commit_forget,      "commit-forget",      "sticky: an owner changes its mind before all members state the epoch")
// clang-format on

enum class Mutation : std::uint8_t {
#define NLB_X(member, name, help) member,
    NLB_MUTATION_LIST(NLB_X)
#undef NLB_X
};

struct MutationInfo {
    Mutation mutation;
    std::string_view name;
    std::string_view help;
};
inline constexpr auto kMutations = std::to_array<MutationInfo>({
#define NLB_X(member, name, help) {Mutation::member, name, help},
    NLB_MUTATION_LIST(NLB_X)
#undef NLB_X
});

#ifdef NLB_MUTATIONS
inline Mutation active_mutation = Mutation::none;
[[nodiscard]] inline bool mutated(Mutation mutation) {
    return active_mutation == mutation;
}
#else
[[nodiscard]] constexpr bool mutated(Mutation) {
    return false;
}
#endif

}  // namespace nlb
