#include "scripts/lab/switch/rules.hpp"

#include <algorithm>
#include <utility>

namespace nlb::lab {
namespace {

void act(const Rule& rule, View frame, Treatment& treatment) {
    if (!treatment.changed) {
        treatment.frame.assign(frame.begin(), frame.end());
        treatment.changed = true;
    }
    Bytes& held = treatment.frame;
    if (rule.action == Action::tag) {
        push_tag(held, rule.vlan);
    } else if (rule.action == Action::strip) {
        pop_tag(held);
    } else if (rule.offset + rule.bytes.size() <= held.size()) {
        std::copy(rule.bytes.begin(), rule.bytes.end(),
                  held.begin() + static_cast<std::ptrdiff_t>(rule.offset));
    }
}

}  // namespace

std::optional<std::string> Rules::add(Rule rule) {
    if (rules_.size() >= kRulesMax) {
        return "the switch holds at most " + std::to_string(kRulesMax) + " rules; remove some";
    }
    rules_.push_back(std::move(rule));
    return std::nullopt;
}

std::size_t Rules::remove(const std::string& name) {
    return std::erase_if(rules_, [&](const Rule& rule) { return rule.name == name; });
}

Treatment Rules::treat(View frame, const std::string& port, Direction direction,
                       const std::string& from) {
    Treatment treatment;
    for (Rule& rule : rules_) {
        const View now = treatment.changed ? View(treatment.frame) : frame;
        if (!matches(rule, now, port, direction, from) || !chance(rule.percent)) {
            continue;
        }
        ++rule.matched;
        switch (rule.action) {
            case Action::drop:
            case Action::loss:
                treatment.dropped = true;
                return treatment;
            case Action::delay:
                treatment.delay += rule.delay;
                if (rule.jitter.count() > 0) {
                    treatment.delay += Nanoseconds(static_cast<Nanoseconds::rep>(
                        random_() % static_cast<std::uint64_t>(rule.jitter.count())));
                }
                break;
            case Action::duplicate:
                treatment.copies = std::min(treatment.copies + rule.copies, kCopiesMax);
                break;
            case Action::tag:
            case Action::strip:
            case Action::set:
                act(rule, frame, treatment);
                break;
        }
    }
    return treatment;
}

bool Rules::matches(const Rule& rule, View frame, const std::string& port, Direction direction,
                    const std::string& from) const {
    if (rule.direction != direction || rule.port != port) {
        return false;
    }
    if (rule.first && rule.matched >= *rule.first) {
        return false;
    }
    if (rule.ethertype && (ethertype_of(frame) == *rule.ethertype) == rule.other_ethertypes) {
        return false;
    }
    if (rule.from && *rule.from != from) {
        return false;
    }
    return !rule.destination || *rule.destination == mac_at(frame, 0);
}

bool Rules::chance(double percent) {
    return percent >= 100.0 ||
           std::uniform_real_distribution<double>(0.0, 100.0)(random_) < percent;
}

}  // namespace nlb::lab
