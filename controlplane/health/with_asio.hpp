// Standalone asio, configured once. Include this, never asio itself.
#pragma once

#define ASIO_STANDALONE
#define ASIO_NO_DEPRECATED
#include <asio.hpp>
