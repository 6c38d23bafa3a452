// Who is answered: names that cannot be rebound, requests of the page itself, and the token.
#include "controlplane/manager/access.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

HttpRequest from(const std::string& host, const std::string& origin = "") {
    HttpRequest request{"GET", "/api/events", false, {{"host", host}}, ""};
    if (!origin.empty()) request.headers["origin"] = origin;
    return request;
}

TEST(Access, AddressesAndLocalhostAreKnownWithAnyPort) {
    for (const char* host : {"127.0.0.1:9781", "192.0.2.11", "[::1]:9781", "[2001:db8::1]",
                             "localhost", "LOCALHOST:9781", "edge1.localhost:80"})
        EXPECT_TRUE(is_known_host(host, {})) << host;
}

TEST(Access, ANameThatNobodyListedMayBeARebound) {
    for (const char* host : {"evil.example", "evil.example:9781", "localhost.evil.example",
                             "notlocalhost", "127.0.0.1.evil.example", "", ":9781", "::1",
                             "[127.0.0.1]", "[::1", "[::1]x", "127.0.0.1:9781, evil.example",
                             "localhost:", "localhost:99999", "user@127.0.0.1", "[localhost]"})
        EXPECT_FALSE(is_known_host(host, {})) << host;
    EXPECT_TRUE(is_known_host("NLB.example.net:443", {"nlb.example.net"}));
    EXPECT_FALSE(is_known_host("a.nlb.example.net", {"nlb.example.net"}));
}

TEST(Access, ARequestWithoutHostOrFromAnotherSiteIsRefused) {
    const AccessRules rules;
    EXPECT_FALSE(refuse_stranger(from("127.0.0.1:9781"), rules));
    EXPECT_FALSE(refuse_stranger(from("127.0.0.1:9781", "http://127.0.0.1:9781"), rules));
    EXPECT_FALSE(refuse_stranger(from("localhost", "https://LOCALHOST"), rules));
    EXPECT_EQ(refuse_stranger(from("evil.example"), rules)->status, 421U);
    EXPECT_EQ(refuse_stranger(HttpRequest{}, rules)->status, 421U);
    for (const char* origin : {"http://evil.example", "http://127.0.0.1:9780", "null",
                               "http://127.0.0.1:9781.evil.example", "ftp://127.0.0.1:9781"})
        EXPECT_EQ(refuse_stranger(from("127.0.0.1:9781", origin), rules)->status, 403U) << origin;
    HttpRequest image = from("127.0.0.1:9781");
    image.headers["sec-fetch-site"] = "cross-site";
    EXPECT_EQ(refuse_stranger(image, rules)->status, 403U);
    image.path = "/";
    EXPECT_FALSE(refuse_stranger(image, rules)) << "a link may lead to the page";
}

TEST(Access, LookingIsFreeUnlessTheTokenIsWantedForIt) {
    AccessRules rules{{}, "0123456789abcdef0123", false};
    EXPECT_FALSE(refuse_without_token(from("localhost"), rules, false));
    rules.read_token = true;
    EXPECT_EQ(refuse_without_token(from("localhost"), rules, false)->status, 401U);
}

TEST(Access, ChangingWantsTheTokenInItsHeader) {
    AccessRules rules{{}, "0123456789abcdef0123", false};
    HttpRequest request = from("localhost");
    EXPECT_EQ(refuse_without_token(request, rules, true)->sentence, "the token is wanted");
    for (const char* wrong : {"Bearer 0123456789abcdef0124", "Bearer 0123456789abcdef012",
                              "Bearer ", "0123456789abcdef0123", "bearer 0123456789abcdef0123",
                              "Bearer 0123456789abcdef0123, Bearer 0123456789abcdef0123"}) {
        request.headers["authorization"] = wrong;
        EXPECT_EQ(refuse_without_token(request, rules, true)->status, 401U) << wrong;
    }
    request.headers["authorization"] = "Bearer 0123456789abcdef0123";
    EXPECT_FALSE(refuse_without_token(request, rules, true));
    rules.token.reset();
    EXPECT_EQ(refuse_without_token(request, rules, true)->status, 403U) << "nobody may";
}

}  // namespace
}  // namespace nlb::controlplane
