// Columns that are to stay behind and cannot.
#include <gtest/gtest.h>

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class ScopeSecrets : public ScopeTest {
 protected:
  // sales.person, matched by its email; sales.item, whose number sales.part refers to.
  void tables() {
    company();
    db.table("sales.person")
        .columns({"email text", "phone text"})
        .unique("by_email", {"email"})
        .unique("by_phone", {"phone"});
    owned("sales.item")
        .columns({"person_id integer", "number text null"})
        .fk("item_person", {"person_id"}, "sales.person")
        .unique("by_number", {"number"});
    owned("sales.part").columns({"item text null", "soft text null"});
    rules.tables = {table_rule("sales.person", "people")};
    rules.tables[0].match_columns = {"email", "phone"};
    ReferenceRule reference = reference_rule("sales.part", {"item"}, "sales.item");
    reference.target_columns = {"number"};
    rules.references = {reference};
  }

  // The statement that settles the error about a column.
  std::string settles(const std::string& object) const {
    for (const Finding& finding : scope.findings)
      if (finding.severity == Severity::kError && finding.object == object) return finding.hint;
    return "";
  }

  void discover_with(const std::string& table, const std::string& column, const char* treatment) {
    tables();
    rules.columns = {column_rule(table, column, treatment)};
    discover();
  }
};

TEST_F(ScopeSecrets, RowsAreMatchedByNoSecret) {
  discover_with("sales.person", "email", "secret");
  expect_finding(Severity::kError, "sales.person.email", "rows of sales.person are matched by it");
  EXPECT_NE(settles("sales.person.email").find("match_columns => '{phone}'"), std::string::npos);
}

TEST_F(ScopeSecrets, NothingThatTravelsRefersToASecret) {
  discover_with("sales.item", "number", "secret");
  expect_finding(Severity::kError, "sales.item.number", "sales.part.item refers to it");
  EXPECT_EQ(settles("sales.item.number"),
            "SELECT public.set_column_rule('sales.part', 'item', 'secret');");
  rules.columns.push_back(column_rule("sales.part", "item", "secret"));
  discover();
  expect_no_finding("sales.item.number");
}

TEST_F(ScopeSecrets, KeysTravel) {
  discover_with("sales.item", "id", "secret");
  expect_finding(Severity::kError, "sales.item.id", "told apart");
  EXPECT_EQ(settles("sales.item.id"), "SELECT public.set_column_rule('sales.item', 'id', 'auto');");
  rules.columns = {column_rule("sales.item", "id", "file")};
  discover();
  expect_finding(Severity::kError, "sales.item.id", "told apart");
  rules.columns = {column_rule("sales.person", "id", "secret")};
  discover();
  expect_finding(Severity::kError, "sales.person.id", "told apart");
}

TEST_F(ScopeSecrets, AllElseMayBeOne) {
  discover_with("sales.part", "soft", "secret");
  expect_no_errors();
}

TEST_F(ScopeSecrets, ReferencesLeadToKeys) {
  tables();
  ReferenceRule reference = reference_rule("sales.part", {"soft"}, "sales.company");
  reference.target_columns = {"name"};
  rules.references.push_back(reference);
  discover();
  expect_finding(Severity::kError, "sales.part.soft", "names name of sales.company");
  EXPECT_EQ(settles("sales.part.soft"), "ALTER TABLE sales.company ADD UNIQUE (name);");
}

}  // namespace
}  // namespace company_backup
