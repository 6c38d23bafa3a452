// Whether tables may be given to cores, which index with these fields and check none of them. Asked
// once for each tables: when they are decoded (core/ipc/tables_codec.hpp), and asserted when they
// are encoded, published or explained with. Thread: any; it costs some microseconds.
#pragma once

#include "core/tables/tables.hpp"

namespace nlb {

// Names the first field that no core may be given; nullptr: none. The words complete "they hold".
[[nodiscard]] const char* first_fault(const Tables& tables);

// Ends the program when there is a fault: whoever builds tables in this process builds sound ones.
// Tables without a host (Tables::self is kNoHost) say "nothing is installed", and are not looked
// into by any core.
void assert_sound(const Tables& tables);

}  // namespace nlb
