// What the cores of a run do: most modes are one part per core; a trial is a generator, a sink and
// perhaps what is tested between them. It decides who works where, and starts nothing.
#pragma once

#include <memory>
#include <vector>

#include "perf/engine.hpp"
#include "perf/port_set.hpp"

namespace nlb::perf {

enum class Role : std::uint8_t { forwarding, generator, flood, sink };

// An engine with its options and streams. Engines refer to their options, so a part stays where it
// is.
struct Part {
    Role role = Role::forwarding;
    Options options;
    std::vector<Stream*> streams;
    std::unique_ptr<Engine> engine;
};

struct Parts {
    std::vector<std::unique_ptr<Stream>> streams;
    // Parts that share a core stand together; the first entry is for the first core.
    std::vector<std::vector<std::unique_ptr<Part>>> cores;
};

// Makes the engines too. `lcores`: how many there are besides the main one.
[[nodiscard]] Result<Parts> make_parts(const Options& options, const PortSet& ports,
                                       std::size_t lcores);

}  // namespace nlb::perf
