// What threads that sleep between frames ask of the kernel's scheduler, so that they run soon after
// they are woken. A bucket changes hands by five such wake-ups in a row, and while the first one
// has let go and the last one has not begun nobody answers. Both are wishes: whoever has a core of
// its own needs neither.
#pragma once

#include <optional>
#include <string>

namespace nlb::dataplane {

// For main: a low real-time priority, the control plane's. It works little and never spins. A
// sentence when it was refused. The calling thread's alone and not inherited.
[[nodiscard]] std::optional<std::string> ask_for_real_time();

// For workers, which may poll without end: the same share as others, in slices so short that they
// come first when they wake. Kernels before 6.12 take no notice.
void ask_for_short_slices();

}  // namespace nlb::dataplane
