// The words of the command line that name an address and a port: config/endpoint reads them, for
// every program alike.
#pragma once

#include "config/endpoint.hpp"

namespace nlb::cli {

using config::Endpoint;
using config::parse_endpoint;
using config::parse_port_of_vip;
using config::parse_tcp_flags;
using config::PortOfVip;
using config::to_string;

}  // namespace nlb::cli
