// From a request to what is done about it: paths, methods, bodies, and the headers of each answer.
#include "controlplane/manager/router.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "controlplane/manager/page_files.hpp"

namespace nlb::controlplane {
namespace {

constexpr const char* kToken = "0123456789abcdef0123";

std::string header_of(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return "(none)";
}

class RouterTest : public ::testing::Test {
protected:
    static HttpRequest get(const std::string& path) {
        return {"GET", path, false, {{"host", "127.0.0.1:9781"}}, ""};
    }
    static HttpRequest post(const std::string& path, const std::string& body) {
        return {"POST",
                path,
                false,
                {{"host", "127.0.0.1:9781"},
                 {"content-type", "application/json"},
                 {"authorization", std::string{"Bearer "} + kToken}},
                body};
    }
    [[nodiscard]] Routed route(const HttpRequest& request) const {
        return route_request(request, rules_);
    }
    [[nodiscard]] unsigned status_of(const HttpRequest& request) const {
        const Routed routed = route(request);
        EXPECT_EQ(routed.route, Route::answer);
        return routed.response.status;
    }
    AccessRules rules_{{}, kToken, false};
};

TEST_F(RouterTest, ThePageIsServedWithAPolicyOfItsOwnFilesOnly) {
    const Routed page = route(get("/"));
    EXPECT_EQ(page.response.status, 200U);
    EXPECT_NE(page.response.body.find("<title>NLB Manager</title>"), std::string::npos);
    EXPECT_EQ(header_of(page.response, "Content-Type"), "text/html; charset=utf-8");
    const std::string policy = header_of(page.response, "Content-Security-Policy");
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(header_of(page.response, "X-Content-Type-Options"), "nosniff");
}

TEST_F(RouterTest, EachFileOfThePageIsThereOnceAndKnownByItsTag) {
    ASSERT_GE(page_files().size(), 10U);
    std::size_t bytes = 0;
    for (const PageFile& file : page_files()) {
        const Routed served = route(get(std::string{file.path}));
        EXPECT_EQ(served.response.status, 200U) << file.path;
        EXPECT_EQ(served.response.body, file.bytes);
        HttpRequest again = get(std::string{file.path});
        again.headers["if-none-match"] = std::string{file.tag};
        EXPECT_EQ(route(again).response.status, 304U);
        EXPECT_EQ(route(again).response.body, "");
        bytes += file.bytes.size();
    }
    EXPECT_LT(bytes, 300U * 1024U) << "the page's weight";
}

TEST_F(RouterTest, ThePageNamesNothingOfAnotherSiteAndHasNoInlineScript) {
    for (const PageFile& file : page_files()) {
        const std::string text{file.bytes};
        for (const char* outside : {"https://", "//cdn", "@import", "innerHTML", "eval("})
            EXPECT_EQ(text.find(outside), std::string::npos) << file.path << " " << outside;
        if (file.path == "/index.html") {
            EXPECT_EQ(text.find("<script>"), std::string::npos);
            EXPECT_EQ(text.find(" style="), std::string::npos);
            EXPECT_EQ(text.find(" onclick="), std::string::npos);
        }
    }
}

TEST_F(RouterTest, NoPathLeadsOutOfThePage) {
    for (const char* path :
         {"/../../etc/passwd", "/..", "/style.css/", "//style.css", "/./style.css", "/STYLE.CSS",
          "/style.css%00", "/etc/passwd", "style.css", "", "/api", "/api/", "/api/events/",
          "/index.html.bak", "/page_files.hpp", "/api/query"})
        EXPECT_EQ(status_of(get(path)), 404U) << path;
}

TEST_F(RouterTest, StrangersGetNothingNotEvenThePage) {
    for (const char* path : {"/", "/style.css", "/api/events"}) {
        HttpRequest rebound = get(path);
        rebound.headers["host"] = "evil.example:9781";
        EXPECT_EQ(status_of(rebound), 421U) << path;
        HttpRequest foreign = get(path);
        foreign.headers["origin"] = "http://evil.example";
        EXPECT_EQ(status_of(foreign), 403U) << path;
    }
    EXPECT_EQ(header_of(route(get("/")).response, "Access-Control-Allow-Origin"), "(none)");
}

TEST_F(RouterTest, WrongMethodsAreNamed) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
        HttpRequest request = get("/style.css");
        request.method = method;
        EXPECT_EQ(status_of(request), 405U) << method;
        request.path = "/api/events";
        EXPECT_EQ(status_of(request), 405U) << method;
    }
    HttpRequest command = post("/api/command", R"({"command":"stop"})");
    command.method = "GET";
    const Routed refused = route(command);
    EXPECT_EQ(refused.response.status, 405U);
    EXPECT_EQ(header_of(refused.response, "Allow"), "POST");
}

TEST_F(RouterTest, ACommandWantsTheTokenTheTypeAndAnObject) {
    const char* const body = R"({"command":"drain","rule":"http"})";
    EXPECT_EQ(route(post("/api/command", body)).route, Route::command);
    EXPECT_EQ(route(post("/api/command", body)).body["rule"], "http");
    EXPECT_EQ(route(post("/api/preview", body)).route, Route::preview);
    HttpRequest request = post("/api/command", body);
    request.headers.erase("authorization");
    EXPECT_EQ(status_of(request), 401U);
    request = post("/api/command", body);
    request.headers["content-type"] = "text/plain";
    EXPECT_EQ(status_of(request), 415U) << "what a form of another site can send";
    request.headers.erase("content-type");
    EXPECT_EQ(status_of(request), 415U);
    request = post("/api/command", body);
    request.query = true;
    EXPECT_EQ(status_of(request), 400U);
    for (const char* bad : {"", "{", "[]", "3", "{}", R"({"command":"query"})", R"({"command":3})",
                            R"({"command":"rm"})", R"({"command":"map"})"})
        EXPECT_EQ(status_of(post("/api/command", bad)), 400U) << bad;
    rules_.token.reset();
    EXPECT_EQ(status_of(post("/api/command", body)), 403U);
}

TEST_F(RouterTest, ExplainIsOpenToWhoeverMayLook) {
    HttpRequest request = post("/api/explain", R"({"protocol":"tcp"})");
    request.headers.erase("authorization");
    EXPECT_EQ(route(request).route, Route::explain);
    rules_.read_token = true;
    EXPECT_EQ(status_of(request), 401U);
    EXPECT_EQ(status_of(get("/api/events")), 401U);
    EXPECT_EQ(status_of(get("/api/history")), 401U);
    EXPECT_EQ(status_of(get("/")), 200U) << "the page itself tells nothing, and asks for the token";
}

TEST_F(RouterTest, EventsAreAStreamThatNobodyKeeps) {
    const Routed events = route(get("/api/events"));
    EXPECT_EQ(events.route, Route::stream);
    EXPECT_TRUE(events.response.stream);
    EXPECT_EQ(header_of(events.response, "Content-Type"), "text/event-stream");
    EXPECT_EQ(header_of(events.response, "Cache-Control"), "no-store");
    EXPECT_EQ(route(get("/api/history")).route, Route::history);
}

TEST_F(RouterTest, WhateverIsToldIsJsonEvenWhenItIsNotUtf8) {
    const HttpResponse said = json_response(200, {{"name", "a\xff"}});
    EXPECT_NE(nlohmann::json::parse(said.body, nullptr, false), nlohmann::json::value_t::discarded);
    EXPECT_EQ(header_of(said, "Cache-Control"), "no-store");
}

}  // namespace
}  // namespace nlb::controlplane
