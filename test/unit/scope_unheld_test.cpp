// Foreign keys that are NOT ENFORCED, and temporal ones: asked about, never believed.
#include <gtest/gtest.h>

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

class ScopeUnheld : public ScopeTest {
 protected:
  // The foreign keys with this name become such.
  void discover_with(const std::string& name, bool temporal) {
    schema = db.build();
    for (size_t i = schema.foreign_keys.size(); i-- > 0;) {
      ForeignKey key = schema.foreign_keys[i];
      if (key.name != name) continue;
      key.temporal = temporal;
      schema.unheld_keys.push_back(key);
      schema.foreign_keys.erase(schema.foreign_keys.begin() + static_cast<std::ptrdiff_t>(i));
    }
    scope = discover_scope(schema, rules, "public");
  }
};

TEST_F(ScopeUnheld, NotEnforcedIsAskedAboutOnce) {
  company();
  owned("sales.invoice");
  owned("sales.note").column("ref integer").fk("loose", {"ref"}, "sales.invoice");
  discover_with("loose", false);
  EXPECT_EQ(hint_of("sales.note.ref"),
            "SELECT public.set_reference('sales.note', '{ref}', 'sales.invoice');");
  EXPECT_TRUE(scope.undecided());
  rules.references = {{"sales", "note", {"ref"}, "sales", "invoice", {}, "", "", ""}};
  discover_with("loose", false);
  EXPECT_FALSE(scope.undecided());
}

TEST_F(ScopeUnheld, NotEnforcedIsNoWayToTheCompany) {
  company();
  owned("sales.invoice");
  db.table("sales.page").column("ref integer").fk("loose", {"ref"}, "sales.invoice");
  discover_with("loose", false);
  EXPECT_EQ(scope.find(schema.find("sales", "page")), nullptr);
  EXPECT_TRUE(scope.undecided());
  rules.references = {{"sales", "page", {"ref"}, "sales", "invoice", {}, "", "", ""}};
  discover_with("loose", false);
  EXPECT_EQ(of("sales.page").treatment, TableTreatment::kCompany);
}

TEST_F(ScopeUnheld, TemporalKeysExcludeBothTables) {
  company();
  owned("sales.flat");
  owned("sales.lease").column("flat integer").fk("lease_flat", {"flat"}, "sales.flat");
  discover_with("lease_flat", true);
  EXPECT_EQ(hint_of("sales.lease"),
            "SELECT public.set_table_rule('sales.lease', 'excluded', 'a temporal foreign key is "
            "on it');");
  rules.tables = {table_rule("sales.lease", "excluded")};
  discover_with("lease_flat", true);
  EXPECT_EQ(hint_of("sales.lease"),
            "SELECT public.set_table_rule('sales.flat', 'excluded', 'a temporal foreign key is "
            "on it');");
  rules.tables.push_back(table_rule("sales.flat", "excluded"));
  discover_with("lease_flat", true);
  EXPECT_FALSE(scope.undecided());
}

}  // namespace
}  // namespace company_backup
