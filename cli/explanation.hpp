// What every asked host does with a packet: config/explanation decides it, for `nlb explain` and
// for the control plane's page alike.
#pragma once

#include "cli/endpoint.hpp"
#include "config/explanation.hpp"

namespace nlb::cli {

using config::AcceptTally;
using config::ExplainedPacket;
using config::Explainer;
using config::frame_of;
using config::HostScene;
using config::HostView;
using config::ideal_scenes;
using config::PacketWish;

}  // namespace nlb::cli
