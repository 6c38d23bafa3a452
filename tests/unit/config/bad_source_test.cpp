// Mistakes of a file as a whole: bytes, tabs, YAML syntax, more than one document.
// Each text is all of the file.
#include "bad_yaml.hpp"

namespace nlb::config {
namespace {

const BadYaml kCases[] = {
    {"AnEmptyFileIsRefused", kRightYaml, "",
     "nlb.yaml:1:1: top level: expected a mapping with the key clusters, got nothing"},
    {"CommentsAloneAreRefused", kRightYaml, "# nothing yet\n",
     "nlb.yaml:1:1: top level: expected a mapping with the key clusters, got nothing"},
    {"AListAtTheTopIsRefused", kRightYaml, "- clusters\n",
     "nlb.yaml:1:1: top level: expected a mapping with the key clusters, got a list"},
    {"AWordAtTheTopIsRefused", kRightYaml, "clusters\n",
     R"(nlb.yaml:1:1: top level: expected a mapping with the key clusters, got "clusters")"},
    {"ATabAsIndentationIsNamed", kRightYaml,
     "clusters:\n"
     "\t- name: web\n",
     "nlb.yaml:2:1: file: expected spaces as indentation, got a tab"},
    {"ATabAfterSpacesIsNamed", kRightYaml,
     "clusters:\n"
     "  \t- name: web\n",
     "nlb.yaml:2:3: file: expected spaces as indentation, got a tab"},
    {"BadIndentationIsNamed", kRightYaml,
     "clusters:\n"
     "  - name: web\n"
     "     address: 192.0.2.80\n",
     "nlb.yaml:3:13: file: expected YAML, got: illegal map value (check the indentation of this "
     "line, and quote a value that holds \": "
     "\")"},
    {"AMissingBraceIsNamed", kRightYaml, "metrics: {listen: '127.0.0.1:9780'\n",
     R"(nlb.yaml:2:1: file: expected YAML, got: end of map flow not found (a "}" or a comma is missing))"},
    {"AMissingBracketIsNamed", kRightYaml, "clusters: [\n",
     "nlb.yaml:2:1: file: expected YAML, got: end of sequence flow not found (a \"]\" or a comma "
     "is missing)"},
    {"AMissingQuotationMarkIsNamed", kRightYaml, "metrics: {listen: '127.0.0.1:9780}\n",
     R"(nlb.yaml:2:1: file: expected YAML, got: end of map flow not found (a "}" or a comma is missing))"},
    {"AStrayBracketIsNamed", kRightYaml, "clusters: []]\n",
     "nlb.yaml:1:13: file: expected YAML, got: illegal flow end"},
    {"AnUnknownAliasIsNamed", kRightYaml, "clusters: *web\n",
     "nlb.yaml:1:11: file: expected YAML, got: the referenced anchor is not defined"},
    {"AColonInAPlainValueIsNamed", kRightYaml, "poll: busy: yes\n",
     "nlb.yaml:1:11: file: expected YAML, got: illegal map value (check the indentation of this "
     "line, and quote a value that holds \": "
     "\")"},
    {"AReservedCharacterIsNamed", kRightYaml, "poll: @busy\n",
     "nlb.yaml:1:7: file: expected YAML, got: unknown token (quote a value that begins with @, ` "
     "or %)"},
    {"ASecondDocumentIsRefused", kRightYaml,
     "poll: busy\n"
     "---\n"
     "poll: adaptive\n",
     "nlb.yaml:2:1: file: expected one YAML document, got the start of a second (check the "
     "indentation of this line)"},
    {"AListBesideAMappingIsRefused", kRightYaml,
     "- a\n"
     "poll: busy\n",
     "nlb.yaml:2:1: file: expected one YAML document, got the start of a second (check the "
     "indentation of this line)"},
    {"AStrayCommaIsNamedAndEnds", kRightYaml,
     "clusters:\n"
     ", ports: 443}\n",
     "nlb.yaml:2:1: file: expected YAML, got: end of map not found (check the indentation of this "
     "line, and quote a value that holds \": "
     "\")"},
    {"AMergeKeyIsNoKey", kRightYaml, "<<: {poll: busy}\n",
     R"(nlb.yaml:1:1: <<: expected one of the keys clusters, metrics, manager, state_dir, poll or eal, got "<<")"
     "\n"
     "nlb.yaml:1:1: clusters: expected a list of clusters, got nothing"},
    {"ANullKeyIsNoKey", kRightYaml, "~: 3\n",
     "nlb.yaml:1:1: top level: expected a key, got nothing\n"
     "nlb.yaml:1:1: clusters: expected a list of clusters, got nothing"},
};

class BadSource : public testing::TestWithParam<BadYaml> {};

TEST_P(BadSource, IsToldInFull) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadSource, testing::ValuesIn(kCases), claim_of);

}  // namespace
}  // namespace nlb::config
