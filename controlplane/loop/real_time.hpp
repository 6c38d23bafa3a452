// Asks the kernel to keep the loop on time: locked memory and a low real-time priority. A host
// serves without either; a refusal is said once.
#pragma once

#include <string>
#include <vector>

namespace nlb::controlplane {

// Sentences about what was refused; empty when everything was granted. The priority is the calling
// thread's alone and is not inherited.
[[nodiscard]] std::vector<std::string> ask_for_real_time();

}  // namespace nlb::controlplane
