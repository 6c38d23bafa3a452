// Remote control brings files; without it they are copied by hand.
#include "controlplane/agent/configuration_age.hpp"

#include <algorithm>

namespace nlb::controlplane {
namespace {

std::string name_in(const config::Cluster& cluster, HostId id) {
    const auto found = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                    [id](const config::Host& host) { return host.id == id; });
    return found == cluster.hosts.end() ? "host " + std::to_string(id) : found->name;
}

}  // namespace

ConfigurationAge age_of_configuration(const config::Cluster& cluster, HostId here,
                                      std::uint64_t generation_here, HostId there,
                                      std::uint64_t generation_there, bool settled) {
    ConfigurationAge age{generation_here, generation_there, kNoHost, {}};
    if (!settled || generation_here == generation_there) return age;
    age.older = generation_here < generation_there ? here : there;
    const std::string older = name_in(cluster, age.older);
    const std::string newer = name_in(cluster, age.older == here ? there : here);
    const config::RemoteControl& remote = cluster.remote_control;
    age.mend = remote.enabled && remote.configure
                   ? "on " + newer + ": nlb config push --host " + older
                   : "copy the configuration file of " + newer + " to " + older +
                         ", and there: nlb reload";
    return age;
}

}  // namespace nlb::controlplane
