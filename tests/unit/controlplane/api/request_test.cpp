// Requests as clients may write them, and what the service answers with and without a dataplane.
#include "controlplane/api/request.hpp"

#include <gtest/gtest.h>

#include "controlplane/api/command_service.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using testing::RecordingSink;

TEST(Request, IsReadStrictly) {
    const auto request =
        parse_request(R"({"command":"disable","cluster":"web","rule":"http","timeout_ms":250})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request.value().verb, Verb::disable);
    EXPECT_EQ(request.value().cluster, "web");
    EXPECT_EQ(request.value().rule, "http");
    EXPECT_EQ(request.value().timeout, milliseconds{250});
    EXPECT_TRUE(parse_request(R"({"command":"query","cluster":null,"later":1})"))
        << "newer clients may say more";
}

TEST(Request, OnlyStartKnowsAlone) {
    ASSERT_TRUE(parse_request(R"({"command": "start", "alone": true})"));
    EXPECT_TRUE(parse_request(R"({"command": "start", "alone": true})").value().alone);
    EXPECT_FALSE(parse_request(R"({"command": "start"})").value().alone);
    EXPECT_EQ(parse_request(R"({"command": "stop", "alone": true})").error().message,
              "alone: only start knows it");
    EXPECT_EQ(parse_request(R"({"command": "start", "alone": 1})").error().message,
              "alone: expected true or false");
}

TEST(Request, WhatBelongsToOtherVerbsIsRefused) {
    EXPECT_TRUE(parse_request(R"({"command":"stop","force":true})").value().force);
    EXPECT_FALSE(parse_request(R"({"command":"start","force":true})"));
    EXPECT_EQ(parse_request(R"({"command":"reload","max_moves":7})").value().max_moves, 7U);
    EXPECT_FALSE(parse_request(R"({"command":"stop","max_moves":7})"));
    EXPECT_FALSE(parse_request(R"({"command":"reload","max_moves":-1})"));
    EXPECT_FALSE(parse_request(R"({"command":"reload","max_moves":"7"})"));
    EXPECT_EQ(parse_request(R"({"command":"events","last":3})").value().last, 3U);
    EXPECT_EQ(parse_request(R"({"command":"events"})").value().last, kEventsKept);
}

TEST(Request, AFileOfRecordingsIsAskedForInPieces) {
    const auto listed = parse_request(R"({"command": "flight"})");
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed.value().verb, Verb::flight);
    EXPECT_FALSE(listed.value().file);
    const auto piece = parse_request(R"({"command": "flight", "file": "a", "offset": 262144})");
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece.value().offset, 262144U);
    EXPECT_FALSE(parse_request(R"({"command": "query", "file": "a"})"));
}

TEST(Request, AFileIsBroughtInPiecesAndUsedByItsDigest) {
    const auto piece = parse_request(
        R"({"command":"stage","kind":"key","name":"a.key","digest":"d","size":32,"data":"AA=="})");
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece.value().verb, Verb::stage);
    EXPECT_EQ(piece.value().kind, "key");
    EXPECT_EQ(piece.value().size, 32U);
    EXPECT_FALSE(parse_request(R"({"command":"stage","kind":"other","digest":"d"})"));
    EXPECT_FALSE(parse_request(R"({"command":"stage","kind":"key"})"));
    EXPECT_EQ(parse_request(R"({"command":"reload","staged":"d"})").value().staged, "d");
    EXPECT_EQ(parse_request(R"({"command":"reload","undo":"d"})").value().undo, "d");
    EXPECT_FALSE(parse_request(R"({"command":"stop","staged":"d"})"));
}

TEST(Request, GarbageIsASentence) {
    const std::string deep(500000, '[');
    for (const std::string& line :
         {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"null"},
          std::string{"query"}, deep, std::string{"{\"command\":7}"},
          std::string{"{\"command\":\"dance\"}"}, std::string{"{}"},
          std::string{"{\"command\":\"query\",\"cluster\":[]}"},
          std::string{"{\"command\":\"enable\"}"},
          std::string{"{\"command\":\"stop\",\"timeout_ms\":-1}"},
          std::string{"{\"command\":\"stop\",\"timeout_ms\":1e30}"},
          std::string{"{\"command\":\"stop\",\"timeout_ms\":18446744073709551615}"},
          std::string{"\xff\xfe\x00{", 4}}) {
        const auto request = parse_request(line);
        ASSERT_FALSE(request) << line.substr(0, 60);
        EXPECT_FALSE(request.error().message.empty());
    }
}

TEST(Request, AnAnswerIsOneLineWhateverItQuotes) {
    const std::string answer =
        encode_answer({ReturnValue::not_found, "no \n\xff rule"}, Json::array());
    EXPECT_EQ(answer.find('\n'), answer.size() - 1);
    const Json json = Json::parse(answer);
    EXPECT_EQ(json["ok"], false);
    EXPECT_EQ(json["return_value"], 1004);
}

class CommandServiceTest : public ::testing::Test {
protected:
    void SetUp() override {
        agents_.push_back(std::make_unique<ClusterAgent>(testing::small_settings(1),
                                                         testing::Bench::keys({7}), sink_, events_,
                                                         StoredCluster{}, 1));
    }
    // Null while the answer waits.
    Json ask(const std::string& line) {
        answer_.clear();
        service_.handle(now_, line, [this](std::string text) { answer_ = std::move(text); });
        return answer_.empty() ? Json() : Json::parse(answer_);
    }
    RecordingSink sink_;
    testing::RecordingEvents events_;
    ClusterAgents agents_;
    EventHistory history_;
    CommandService service_{agents_, history_,
                            [this](const Request&, CommandService::Reloaded done) {
                                if (reload_later_)
                                    reloaded_ = std::move(done);
                                else
                                    done({ReturnValue::already, "nothing changes"});
                            }};
    bool reload_later_ = false;
    CommandService::Reloaded reloaded_;
    Instant now_{std::chrono::seconds{50}};
    std::string answer_;
};

TEST_F(CommandServiceTest, MetricsAreWhatIsCountedOfTheCallersCluster) {
    EXPECT_EQ(ask(R"({"command":"metrics"})")["message"], "nothing is counted here");
    CommandService counting(
        agents_, history_, nullptr, nullptr, nullptr,
        [](const std::string& cluster) { return "nlb_epoch{cluster=\"" + cluster + "\"} 1\n"; });
    const Caller remote{"web", false, nullptr};
    std::string answer;
    counting.handle(
        now_, R"({"command":"metrics"})", [&answer](std::string text) { answer = std::move(text); },
        remote);
    EXPECT_EQ(Json::parse(answer)["text"], "nlb_epoch{cluster=\"web\"} 1\n");
}

TEST_F(CommandServiceTest, AReloadThatIsReadElsewhereIsAnsweredWhenItIsDone) {
    reload_later_ = true;
    EXPECT_TRUE(ask(R"({"command":"reload"})").empty());
    ASSERT_TRUE(reloaded_);
    EXPECT_FALSE(ask(R"({"command":"query"})").empty()) << "others do not wait for it";
    answer_.clear();
    reloaded_({ReturnValue::refused, "line 3"});
    EXPECT_NE(answer_.find("line 3"), std::string::npos);
}

TEST_F(CommandServiceTest, WithoutADataplaneAQueryStillAnswers) {
    const Json answer = ask(R"({"command":"query"})");
    EXPECT_EQ(answer["ok"], true);
    EXPECT_EQ(answer["return_value"], 1006);
    const Json& cluster = answer["clusters"][0];
    EXPECT_EQ(cluster["dataplane"], "disconnected");
    EXPECT_EQ(cluster["state"], "converging");
    EXPECT_EQ(cluster["converging_host"], "edge1");
    EXPECT_NE(cluster["converging_because"], "");
    EXPECT_EQ(cluster["rules"].size(), 3U);
    EXPECT_EQ(cluster["rules"][2]["name"], "default");
    EXPECT_EQ(cluster["rules"][0]["owners"].size(), 60U);
    EXPECT_EQ(cluster["rules"][0]["orphaned"], 60);
}

TEST_F(CommandServiceTest, GarbageIsBadParamsAndAnUnknownNameIsNotFound) {
    EXPECT_EQ(ask("{")["return_value"], 1003);
    EXPECT_EQ(ask(R"({"command":"query","cluster":"mail"})")["return_value"], 1004);
    EXPECT_EQ(ask(R"({"command":"enable","rule":"ftp"})")["return_value"], 1004);
    EXPECT_EQ(ask(R"({"command":"query","rule":"ftp"})")["return_value"], 1004);
    EXPECT_EQ(ask(R"({"command":"query","rule":"80"})")["clusters"][0]["rules"].size(), 1U);
}

TEST_F(CommandServiceTest, AnAnswerNamesTheRulesThatChangedAndRefusesAForeignAddress) {
    EXPECT_EQ(ask(R"({"command":"disable","rule":"80"})")["rules"], Json::array({"http"}));
    const Json again = ask(R"({"command":"disable","rule":"http"})");
    EXPECT_EQ(again["rules"], Json::array());
    EXPECT_EQ(again["return_value"], 1001);
    EXPECT_EQ(ask(R"({"command":"drain","rule":"all"})")["rules"], Json::array({"http", "admin"}));
    const Json foreign = ask(R"({"command":"enable","rule":"198.51.100.1:80"})");
    EXPECT_EQ(foreign["ok"], false);
    EXPECT_EQ(foreign["return_value"], 1004);
    EXPECT_EQ(foreign["rules"], Json::array());
    EXPECT_EQ(agents_[0]->rule_states()[0], RuleState::draining);
    EXPECT_EQ(events_.events.back().number(), 25);
}

TEST_F(CommandServiceTest, AClusterIsCalledByItsNameOrItsAddress) {
    EXPECT_EQ(ask(R"({"command":"query","cluster":"192.0.2.80"})")["clusters"].size(), 1U);
    EXPECT_EQ(ask(R"({"command":"query","cluster":"192.0.2.81"})")["return_value"], 1004);
}

TEST_F(CommandServiceTest, EventsAreGivenOldestFirst) {
    for (int i = 0; i < 3; ++i) history_.add("{\"n\":" + std::to_string(i) + "}");
    const Json answer = ask(R"({"command":"events","last":2})");
    EXPECT_EQ(answer["return_value"], 1000);
    EXPECT_EQ(answer["events"], Json::parse(R"([{"n":1},{"n":2}])"));
}

TEST_F(CommandServiceTest, AMapOfAHostThatTakesNoPartSaysSo) {
    const Json map = ask(R"({"command":"map"})")["clusters"][0];
    EXPECT_EQ(map["takes_part"], false);
    EXPECT_EQ(map["rules"].size(), 3U);
    EXPECT_TRUE(map["installed"].is_null());
    EXPECT_TRUE(map["configuration"].is_null()) << "these settings come from no file";
}

TEST_F(CommandServiceTest, ParametersAreThoseInForce) {
    const Json cluster = ask(R"({"command":"params"})")["clusters"][0];
    EXPECT_EQ(cluster["macs"]["cluster"], "02:bf:c0:00:02:50");
    EXPECT_EQ(cluster["macs"]["masked"], "02:01:c0:00:02:50");
    EXPECT_EQ(cluster["timing"]["lease_ms"], 450);
    EXPECT_EQ(cluster["rules"][1]["priority"], 1);
    EXPECT_EQ(cluster["config_digest"].get<std::string>().size(), 16U);
    EXPECT_EQ(cluster["connections"]["tcp_idle"], "2h");
    EXPECT_EQ(cluster["keys"]["sends_under"], 7);
    EXPECT_EQ(cluster["keys"]["accepts"], Json::array({7}));
    EXPECT_EQ(cluster["hosts"][0]["stated"]["http"], 50);
    EXPECT_EQ(cluster["ipsec"]["idle"], "24h");
}

TEST_F(CommandServiceTest, ASuspendedHostAnswersOnlyQueryAndResume) {
    EXPECT_EQ(ask(R"({"command":"suspend"})")["clusters"][0]["state"], "suspended");
    for (const char* command : {"params", "start", "stop", "drainstop", "reload"})
        EXPECT_EQ(ask(Json{{"command", command}}.dump())["return_value"], 1015) << command;
    EXPECT_EQ(ask(R"({"command":"drain","rule":"all"})")["return_value"], 1015);
    EXPECT_EQ(ask(R"({"command":"query"})")["return_value"], 1013);
    EXPECT_EQ(ask(R"({"command":"resume"})")["clusters"][0]["state"], "stopped");
    EXPECT_EQ(ask(R"({"command":"reload"})")["return_value"], 1001);
}

TEST_F(CommandServiceTest, StopAnswersWhenItTookEffect) {
    const auto hello = ipc::write_message(ipc::MessageType::hello, 0,
                                          ipc::bytes_of(testing::Bench::fresh_hello()));
    ASSERT_EQ(agents_[0]->on_hello(now_, *ipc::read_message(hello)), "");
    EXPECT_TRUE(ask(R"({"command":"stop","timeout_ms":1000})").is_null())
        << "goodbye is still to be said";
    now_ += milliseconds{1001};
    service_.poll(now_);
    const Json late = Json::parse(answer_);
    EXPECT_EQ(late["ok"], true);
    EXPECT_NE(late["message"].get<std::string>().find("still being given back"), std::string::npos);
    answer_.clear();
    EXPECT_EQ(ask(R"({"command":"query"})")["clusters"][0]["state"], "converging");
}

TEST_F(CommandServiceTest, APieceIsTakenFromWhoMayChangeSomethingAndIsNotToldAsAChange) {
    const std::string piece = R"({"command":"stage","kind":"key","name":"k","digest":"d"})";
    EXPECT_EQ(ask(piece)["return_value"], 1015) << "this service takes no file";
    int taken = 0;
    CommandService takes{
        agents_, history_, nullptr, nullptr,
        [&taken](const Request&, const Caller&, const CommandService::Answer& answer) {
            ++taken;
            answer(encode_answer({}, Json::array()));
        }};
    std::vector<bool> told;
    Caller caller{"", true, [&told](const Request&, bool accepted) { told.push_back(accepted); }};
    std::string answer;
    const auto keep = [&answer](std::string line) { answer = std::move(line); };
    takes.handle(now_, piece, keep, caller);
    EXPECT_EQ(1, taken);
    EXPECT_TRUE(told.empty());
    caller.may_change = false;
    takes.handle(now_, piece, keep, caller);
    EXPECT_EQ(1, taken);
    EXPECT_EQ(std::vector<bool>{false}, told);
    EXPECT_EQ(Json::parse(answer)["ok"], false);
    caller.may_change = true;
    static_cast<void>(ask(R"({"command":"suspend"})"));
    takes.handle(now_, piece, keep, caller);
    EXPECT_EQ(1, taken) << "a suspended host answers only query and resume";
}

}  // namespace
}  // namespace nlb::controlplane
