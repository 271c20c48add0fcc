// What the scope tests share: a schema under construction, rules, and the scope found.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/scope/discovery.hpp"
#include "core/scope/rules_for_all.hpp"
#include "core/scope/scope.hpp"
#include "core/text/error.hpp"
#include "schema_builder.hpp"

namespace company_backup {

class ScopeTest : public testing::Test {
 protected:
  SchemaBuilder db;
  Rules rules = sales_rules();
  Schema schema;
  Scope scope;

  // sales.company(id, name)
  TableBuilder& company() { return db.table("sales.company").column("name text"); }

  // A table with company_id NOT NULL, constraint <table>_company_fk.
  TableBuilder& owned(const std::string& name) {
    return db.table(name)
        .column("company_id integer")
        .fk(name.substr(name.find('.') + 1) + "_company_fk", {"company_id"}, "sales.company");
  }

  // A table whose NOT NULL column parent_id refers to `parent`, constraint <table>_parent.
  TableBuilder& child(const std::string& name, const std::string& parent) {
    return db.table(name)
        .column("parent_id integer")
        .fk(name.substr(name.find('.') + 1) + "_parent", {"parent_id"}, parent);
  }

  // A table that refers to sales.invoice (invoice_fk) and sales.item (item_fk).
  TableBuilder& line(const std::string& name) {
    return db.table(name)
        .columns({"invoice_id integer", "item_id integer"})
        .fk("invoice_fk", {"invoice_id"}, "sales.invoice")
        .fk("item_fk", {"item_id"}, "sales.item");
  }

  // sales.deal, with two columns that refer to the company: first_fk and second_fk.
  TableBuilder& two_companies(const std::string& first, const std::string& second) {
    company();
    return db.table("sales.deal")
        .columns({first + " integer", second + " integer"})
        .fk("first_fk", {first}, "sales.company")
        .fk("second_fk", {second}, "sales.company");
  }

  // sales.attachment, of an invoice or a bill.
  void attachment() {
    company();
    owned("sales.invoice");
    owned("sales.bill");
    db.table("sales.attachment")
        .columns({"invoice_id integer null", "bill_id integer null"})
        .fk("to_invoice", {"invoice_id"}, "sales.invoice")
        .fk("to_bill", {"bill_id"}, "sales.bill");
  }

  void discover() {
    schema = db.build();
    apply_to_tables(schema, rules);
    scope = discover_scope(schema, rules, "public");
  }

  Error expect_error(const std::string& sqlstate) {
    try {
      discover();
    } catch (const Error& error) {
      EXPECT_EQ(error.sqlstate(), sqlstate);
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error("", "");
  }

  TableIndex at(const std::string& name) const { return SchemaBuilder::find(schema, name); }
  const ScopedTable* scoped(const std::string& name) const { return scope.find(at(name)); }

  const ScopedTable& of(const std::string& name) const {
    const ScopedTable* found = scoped(name);
    if (found == nullptr) throw std::runtime_error(name + " is not in the scope");
    return *found;
  }

  std::vector<std::string> references(const std::string& table) const {
    std::vector<std::string> names;
    for (const Reference& reference : scope.references)
      if (reference.table == at(table)) names.push_back(reference.name);
    return names;
  }

  // All findings, one a line, for failure messages.
  std::string findings() const {
    std::string text;
    for (const Finding& finding : scope.findings)
      text += std::string(to_text(finding.severity)) + " " + finding.object + ": " +
              finding.problem + "\n    " + finding.hint + "\n";
    return text;
  }

  void expect_finding(Severity severity, const std::string& object,
                      const std::string& part_of_problem) const {
    EXPECT_TRUE(std::any_of(scope.findings.begin(), scope.findings.end(),
                            [&](const Finding& finding) {
                              return finding.severity == severity && finding.object == object &&
                                     finding.problem.find(part_of_problem) != std::string::npos;
                            }))
        << to_text(severity) << " " << object << " " << part_of_problem << "\nfindings:\n"
        << findings();
  }

  void expect_no_finding(const std::string& object) const {
    EXPECT_TRUE(std::none_of(scope.findings.begin(), scope.findings.end(),
                             [&](const Finding& finding) { return finding.object == object; }))
        << object << "\nfindings:\n"
        << findings();
  }

  void expect_no_errors() const { EXPECT_FALSE(scope.undecided()) << findings(); }

  // The hint of the only finding about an object.
  std::string hint_of(const std::string& object) const {
    std::string hint;
    int count = 0;
    for (const Finding& finding : scope.findings)
      if (finding.object == object) {
        hint = finding.hint;
        ++count;
      }
    EXPECT_EQ(count, 1) << "findings about " << object << "\n" << findings();
    return hint;
  }
};

}  // namespace company_backup
