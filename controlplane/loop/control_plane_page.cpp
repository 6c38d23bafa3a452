// What the web page asks of the program beside the commands that every client may give.
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/loop/control_plane.hpp"
#include "controlplane/manager/page_view.hpp"

namespace nlb::controlplane {

PageBackend& ControlPlane::page_backend() {
    desk_ = std::make_unique<PageDesk>(
        PageDesk::Loop{loop_, reader_, agents_, history_, commands_, [this] { turn(); },
                       [this](const PageDesk::Previewed& done) { preview_reload(done); }});
    return *desk_;
}

void ControlPlane::read_again(std::function<void(const Result<ChosenConfiguration>&)> then) {
    reload_is_read_ = true;
    asio::post(reader_, [this, files = files_, then = std::move(then)]() mutable {
        auto fresh = std::make_shared<Result<ChosenConfiguration>>(choose_configuration(files));
        asio::post(loop_, [this, fresh, then = std::move(then)] {
            reload_is_read_ = false;
            then(*fresh);
            turn();
        });
    });
}

void ControlPlane::preview_reload(const PageDesk::Previewed& done) {
    if (reload_is_read_) return done(Error{"a reload is under way; ask again in a moment"});
    read_again([this, done](const Result<ChosenConfiguration>& loaded) {
        if (!loaded)
            return done(Error{loaded.error().message.substr(0, loaded.error().message.find('\n'))});
        const config::Config& fresh = loaded.value().loaded.config;
        if (const Status same = check_surroundings(config_, fresh); !same)
            return done(same.error());
        nlohmann::json clusters = nlohmann::json::array();
        for (const auto& agent : agents_) {
            const auto plan = plan_for(*agent, fresh, source_);
            if (!plan) return done(plan.error());
            auto view = moves_view(agent->settings().cluster.name,
                                   plan_of_reload(*agent, plan.value().settings));
            view["changes"] = plan.value().changes.text();
            clusters.push_back(std::move(view));
        }
        done(std::move(clusters));
    });
}

}  // namespace nlb::controlplane
