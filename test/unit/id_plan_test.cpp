#include "core/ids/id_plan.hpp"

#include <set>

#include "core/ids/group_columns.hpp"

#include "scope_fixture.hpp"

namespace company_backup {
namespace {

// The rows have generated IDs and nobody else has their values, but where a test says otherwise.
class FakeFacts : public IdFacts {
 public:
  std::map<ColumnRoot, ColumnFacts> columns;
  std::set<TableIndex> empty;
  std::set<std::string> taken;  // names of indexes
  std::map<ColumnRoot, std::optional<ColumnTreatment>> rules;

  ColumnFacts of(const ColumnRoot& column) override { return columns[column]; }
  std::optional<ColumnTreatment> rule_of(const ColumnRoot& column) override {
    return rules[column];
  }
  uint64_t rows(TableIndex table) override { return empty.contains(table) ? 0 : 100; }
  bool is_taken(TableIndex, const UniqueIndex& index, const std::vector<Discriminator>&) override {
    return taken.contains(index.name);
  }
};

class IdPlanTest : public ScopeTest {
 protected:
  FakeFacts facts;
  IdPlan plan;

  IdPlanTest() { company(); }

  // owned() with sales.* as name and a sequence behind id.
  TableBuilder& numbered(const std::string& name) {
    sequences.push_back(name);
    return owned(name);
  }
  std::vector<std::string> sequences;

  ColumnRoot root(const std::string& table, const std::string& column) const {
    return {at(table), find_column(schema.tables[at(table)], column)->number};
  }

  void decide() {
    discover();
    expect_no_errors();
    for (const std::string& table : sequences) facts.columns[root(table, "id")].has_sequence = true;
    plan = plan_ids(schema, scope, ColumnRoots(schema, scope), facts);
  }

  const IdDecision& of_index(const std::string& index) const {
    for (const IdDecision& decision : plan.decisions) {
      if (decision.index->name == index) return decision;
    }
    throw std::runtime_error("no decision about " + index);
  }

  void expect(const std::string& index, IdDecision::Kind kind, const std::string& why) const {
    const IdDecision& decision = of_index(index);
    EXPECT_EQ(decision.kind, kind) << index << ": " << decision.why;
    EXPECT_NE(decision.why.find(why), std::string::npos) << index << ": " << decision.why;
  }
  void kept(const std::string& index, const std::string& why = "the company is part of it") const {
    expect(index, IdDecision::Kind::kKept, why);
  }
  void renewed(const std::string& index, const std::string& why) const {
    expect(index, IdDecision::Kind::kRenewed, why);
  }
  void refused(const std::string& index, const std::string& why) const {
    expect(index, IdDecision::Kind::kRefused, why);
    EXPECT_TRUE(plan.refused());
    EXPECT_FALSE(of_index(index).hint.empty());
  }

  IdKind kind(const std::string& table, const std::string& column) const {
    const auto found = plan.renewed.find(root(table, column));
    return found == plan.renewed.end() ? IdKind::kNone : found->second.kind;
  }
};

TEST_F(IdPlanTest, a_path_follows_its_ids_and_is_never_made_anew) {
  numbered("sales.page").column("path text null").unique("by_path", {"path"});
  rules.columns = {column_rule("sales.page", "path", "path")};
  discover();
  facts.columns[root("sales.page", "path")].generated_shape = true;
  facts.taken = {"by_path"};
  decide();
  renewed("by_path", "path: follows what it refers to");
  EXPECT_FALSE(plan.renewed.contains(root("sales.page", "path")));
}

TEST_F(IdPlanTest, the_identity_of_who_moves_stays) {
  numbered("sales.site").column("host text").unique("by_host", {"host"});
  discover();
  facts.columns[root("sales.site", "host")].generated_shape = true;
  decide();
  renewed("by_host", "new IDs of the same shape");
  facts.columns[root("sales.site", "host")].stays = true;
  decide();
  kept("by_host", "nobody else has them");
}

TEST_F(IdPlanTest, a_key_of_the_whole_database_is_renewed_and_what_refers_to_it_follows) {
  numbered("sales.invoice");
  sequences.push_back("sales.line");
  child("sales.line", "sales.invoice").unique("line_no", {"parent_id", "id"});
  decide();
  renewed("invoice_pkey", "id: next values of its sequence");
  renewed("line_no", "parent_id: follows sales.invoice.id; id: next values of its sequence");
  EXPECT_EQ(kind("sales.invoice", "id"), IdKind::kSequence);
  EXPECT_TRUE(plan.renewed.at(root("sales.invoice", "id")).referred_to);
  EXPECT_FALSE(plan.renewed.at(root("sales.line", "id")).referred_to);
}

TEST_F(IdPlanTest, a_key_that_contains_the_company_keeps_its_values) {
  db.bare_table("sales.invoice")
      .columns({"company_id integer", "number integer"})
      .primary({"company_id", "number"})
      .fk("invoice_company_fk", {"company_id"}, "sales.company");
  db.bare_table("sales.line")
      .columns({"company_id integer", "number integer", "position integer"})
      .primary({"company_id", "number", "position"})
      .fk("line_invoice_fk", {"company_id", "number"}, "sales.invoice");
  decide();
  kept("invoice_pkey");
  kept("line_pkey");
  EXPECT_TRUE(plan.renewed.empty());
}

// The value is kept in the key, until another table has it in a key without the company.
TEST_F(IdPlanTest, a_unique_index_elsewhere_that_holds_the_value_without_the_company_renews_it) {
  db.bare_table("sales.invoice")
      .columns({"company_id integer", "number integer"})
      .primary({"company_id", "number"})
      .fk("invoice_company_fk", {"company_id"}, "sales.company");
  db.bare_table("sales.payment")
      .columns({"company_id integer", "number integer"})
      .unique("payment_once", {"number"})
      .fk("payment_invoice_fk", {"company_id", "number"}, "sales.invoice");
  discover();
  facts.columns[root("sales.invoice", "number")].has_sequence = true;
  decide();
  renewed("payment_once", "number: follows sales.invoice.number");
  renewed("invoice_pkey", "number: next values of its sequence");
}

TEST_F(IdPlanTest, keys_that_are_references_follow) {
  numbered("sales.invoice");
  db.bare_table("sales.extra")
      .column("id integer")
      .primary({"id"})
      .fk("extra_fk", {"id"}, "sales.invoice");
  db.bare_table("sales.more")
      .column("id integer")
      .primary({"id"})
      .fk("more_fk", {"id"}, "sales.extra");
  numbered("sales.tag");
  db.bare_table("sales.tagged")
      .columns({"invoice_id integer", "tag_id integer"})
      .primary({"invoice_id", "tag_id"})
      .fk("tagged_invoice", {"invoice_id"}, "sales.invoice")
      .fk("tagged_tag", {"tag_id"}, "sales.tag");
  rules.tables = {table_rule("sales.tagged", "company", {"tagged_invoice"})};
  decide();
  renewed("extra_pkey", "id: follows sales.invoice.id");
  renewed("more_pkey", "id: follows sales.invoice.id");
  renewed("tagged_pkey", "invoice_id: follows sales.invoice.id; tag_id: follows sales.tag.id");
  EXPECT_EQ(plan.renewed.size(), 2u);
}

TEST_F(IdPlanTest, a_unique_key_that_is_referred_to_is_renewed_like_a_primary_one) {
  numbered("sales.invoice").column("public_id uuid").unique("invoice_public", {"public_id"});
  db.table("sales.link")
      .columns({"invoice uuid", "company_id integer"})
      .fk("link_company_fk", {"company_id"}, "sales.company")
      .fk("link_invoice", {"invoice"}, "sales.invoice", {"public_id"});
  decide();
  renewed("invoice_public", "public_id: new UUIDs");
  EXPECT_EQ(kind("sales.invoice", "public_id"), IdKind::kUuid);
  EXPECT_TRUE(plan.renewed.at(root("sales.invoice", "public_id")).referred_to);
}

TEST_F(IdPlanTest, natural_keys_stay_or_are_refused) {
  numbered("sales.shop").column("domain text").unique("shop_domain", {"domain"});
  numbered("sales.contact").column("email text null").unique("contact_email", {"email"});
  facts.taken = {"contact_email"};
  decide();
  kept("shop_domain", "nobody else has them");
  refused("contact_email", "another company has some of them");
  EXPECT_NE(
      of_index("contact_email").hint.find("set_column_rule('sales.contact', 'email', 'identity')"),
      std::string::npos);
}

TEST_F(IdPlanTest, text_is_renewed_if_it_was_generated) {
  owned("sales.order").column("short_code text").unique("order_public", {"short_code"});
  owned("sales.ticket").column("code text").unique("ticket_code", {"code"});
  discover();
  facts.columns[root("sales.order", "short_code")].generated_shape = true;
  facts.columns[root("sales.ticket", "code")].volatile_default = true;
  decide();
  renewed("order_public", "short_code: new IDs of the same shape");
  renewed("ticket_code", "code: values of its default");
}

TEST_F(IdPlanTest, an_integer_without_a_sequence_is_renewed_only_if_it_is_the_key) {
  owned("sales.invoice").column("badge integer").unique("invoice_badge", {"badge"});
  facts.taken = {"invoice_badge"};
  decide();
  renewed("invoice_pkey", "id: numbers after the greatest there is");
  refused("invoice_badge", "mean something");
}

TEST_F(IdPlanTest, a_key_of_people_only_is_refused_where_it_is_taken) {
  db.table("sales.person");
  db.bare_table("sales.profile")
      .columns({"person_id integer", "company_id integer"})
      .primary({"person_id"})
      .fk("profile_company_fk", {"company_id"}, "sales.company")
      .fk("profile_person_fk", {"person_id"}, "sales.person");
  rules.tables = {table_rule("sales.person", "people"), table_rule("sales.profile", "company")};
  facts.taken = {"profile_pkey"};
  decide();
  refused("profile_pkey", "made only of people or shared rows");
  facts.taken = {};
  decide();
  kept("profile_pkey", "nobody else");
}

TEST_F(IdPlanTest, columns_that_follow_each_other_in_a_circle_are_renewed_as_one) {
  owned("sales.a").fk("a_b", {"id"}, "sales.b");
  owned("sales.b").fk("b_a", {"id"}, "sales.a");
  decide();
  EXPECT_EQ(plan.renewed.size(), 1u);
  renewed("a_pkey", "id: numbers after");
  renewed("b_pkey", "id: follows sales.a.id");
}

TEST_F(IdPlanTest, self_references_follow_their_own_table) {
  numbered("sales.category")
      .column("parent integer null")
      .fk("category_parent", {"parent"}, "sales.category")
      .unique("category_sibling", {"parent", "id"});
  decide();
  renewed("category_sibling", "parent: follows sales.category.id");
}

TEST_F(IdPlanTest, a_null_tells_nobody_apart_where_nulls_are_equal) {
  numbered("sales.invoice");
  sequences.push_back("sales.note");
  child("sales.note", "sales.invoice")
      .columns({"about integer null", "word text"})
      .fk("note_about", {"about"}, "sales.invoice")
      .unique("note_word", {"about", "word"});
  decide();
  renewed("note_word", "about: follows");
  db.table("sales.memo")
      .columns({"company_id integer", "about integer null", "word text"})
      .fk("memo_company_fk", {"company_id"}, "sales.company")
      .fk("memo_about", {"about"}, "sales.invoice")
      .unique("memo_word", {"about", "word"})
      .nulls_not_distinct();
  facts.taken = {"memo_word"};
  decide();
  EXPECT_FALSE(plan.decisions.empty());
}

TEST_F(IdPlanTest, conditional_references_follow_what_they_refer_to) {
  numbered("sales.invoice");
  numbered("sales.file")
      .columns({"kind text", "about integer"})
      .unique("file_about", {"kind", "about"});
  rules.references = {reference_rule("sales.file", {"about"}, "sales.invoice")};
  rules.references[0].when_column = "kind";
  rules.references[0].when_value = "invoice";
  decide();
  renewed("file_about", "about: follows what it refers to");
}

TEST_F(IdPlanTest, exclusions_are_asked_about) {
  numbered("sales.room")
      .column("name text")
      .exclusion("room_free", {"", "name"})
      .exclusion("room_taken", {"", "name"})
      .exclusion("room_company", {"company_id", ""});
  facts.taken = {"room_taken", "room_company"};
  decide();
  kept("room_free", "nobody else has a row that excludes one of these");
  refused("room_taken", "excludes some of these");
  kept("room_company");
}

TEST_F(IdPlanTest, a_key_that_follows_what_may_be_nobodys_is_asked_about) {
  db.table("sales.product")
      .column("company_id integer null")
      .fk("product_company_fk", {"company_id"}, "sales.company");
  sequences.push_back("sales.product");
  numbered("sales.tier")
      .columns({"product_id integer", "level integer"})
      .fk("tier_product_fk", {"product_id"}, "sales.product")
      .unique("tier_free", {"product_id"})
      .unique("tier_taken", {"product_id", "level"})
      .unique("tier_company", {"product_id", "company_id"});
  rules.tables.push_back(
      {"sales", "product", TableTreatment::kCompany, "", "", {}, {"product_company_fk"}});
  facts.taken = {"tier_taken", "tier_company"};
  decide();
  renewed("tier_free", "product_id: follows sales.product.id");
  refused("tier_taken", "keep their values");
  renewed("tier_company", "product_id: follows sales.product.id");
}

TEST_F(IdPlanTest, expressions_and_predicates_are_asked_about) {
  auto& room = numbered("sales.room").columns({"name text", "host text", "slug text"});
  room.unique("room_free", {""}).unique("room_taken", {""}).unique("room_open", {"host"});
  auto& indexes = room.raw().unique_indexes;
  const int16_t name = find_column(room.raw(), "name")->number;
  for (UniqueIndex& index : indexes) {
    if (index.name == "room_taken" || index.name == "room_free") index.used = {name};
    index.partial = index.name == "room_open";
  }
  facts.taken = {"room_taken", "room_open"};
  decide();
  kept("room_free", "nobody else has them");
  refused("room_taken", "another company has some of them");
  refused("room_open", "another company has some of them");
  EXPECT_NE(of_index("room_taken")
                .hint.find("set_column_rule('sales.room', 'name', 'renew', "
                           "replacement => 'old || ''-'' || new_company')"),
            std::string::npos);
  EXPECT_EQ(of_index("room_open").hint.find("identity"), std::string::npos) << "it is NOT NULL";
  facts.rules[root("sales.room", "name")] = ColumnTreatment::kRenew;
  decide();
  renewed("room_taken", "it depends on name: values that its rule makes");
}

TEST_F(IdPlanTest, rules_renew_whatever_keys_there_are) {
  numbered("sales.tree").columns({"number integer", "path text"}).unique("tree_path", {"path"});
  owned("sales.fruit").column("path text").fk("fruit_path", {"path"}, "sales.tree", {"path"});
  discover();
  facts.rules[root("sales.tree", "number")] = ColumnTreatment::kGroup;
  facts.rules[root("sales.tree", "path")] = ColumnTreatment::kRenew;
  decide();
  EXPECT_EQ(kind("sales.tree", "number"), IdKind::kInteger);
  EXPECT_EQ(kind("sales.tree", "path"), IdKind::kRule);
  EXPECT_TRUE(plan.renewed.at(root("sales.tree", "path")).referred_to);
  renewed("tree_path", "path: values that its rule makes");
}

TEST_F(IdPlanTest, groups_alone_get_new_numbers) {
  numbered("sales.tree").columns({"number integer", "name text"}).unique("tree_name", {"name"});
  discover();
  facts.rules[root("sales.tree", "number")] = ColumnTreatment::kGroup;
  facts.rules[root("sales.tree", "name")] = ColumnTreatment::kRenew;
  plan =
      plan_groups(schema, scope, ColumnRoots(schema, scope), facts, {root("sales.tree", "number")});
  EXPECT_TRUE(plan.keeps_keys);
  EXPECT_EQ(kind("sales.tree", "number"), IdKind::kInteger);
  EXPECT_EQ(plan.renewed.size(), 1u);
  EXPECT_TRUE(plan.decisions.empty());
}

TEST_F(IdPlanTest, a_group_in_the_row_of_the_company_is_renewed_and_nothing_else_of_it) {
  owned("sales.leaf");
  discover();
  facts.rules[root("sales.company", "name")] = ColumnTreatment::kRenew;
  decide();
  EXPECT_FALSE(plan.renewed.contains(root("sales.company", "name")));
  facts.rules[root("sales.company", "name")] = ColumnTreatment::kGroup;
  decide();
  EXPECT_TRUE(plan.renewed.contains(root("sales.company", "name")));
}

TEST_F(IdPlanTest, columns_of_one_name_and_kind_are_one_group) {
  owned("sales.leaf").columns({"tree_id integer", "batch integer"});
  owned("sales.fruit").columns({"tree_id smallint", "batch uuid"});
  db.bare_table("sales.weather").column("tree_id integer");
  rules.columns = {
      column_rule("sales.leaf", "tree_id", "group"), column_rule("sales.fruit", "tree_id", "group"),
      column_rule("sales.leaf", "batch", "group"), column_rule("sales.fruit", "batch", "group"),
      column_rule("sales.weather", "tree_id", "group")};
  discover();
  const std::vector<GroupColumns> groups = group_columns(schema, rules, scope);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(*find_group(groups, root("sales.leaf", "tree_id")),
            (GroupColumns{root("sales.fruit", "tree_id"), root("sales.leaf", "tree_id"),
                          root("sales.weather", "tree_id")}));
  EXPECT_EQ(find_group(groups, root("sales.leaf", "batch"))->size(), 1u);
}

TEST_F(IdPlanTest, two_integer_keys_at_once_cannot_be_followed) {
  numbered("sales.vendor");
  numbered("sales.partner");
  owned("sales.both")
      .fk("both_person", {"id"}, "sales.vendor")
      .fk("both_partner", {"id"}, "sales.partner");
  decide();
  refused("both_pkey", "follows both");
}

TEST_F(IdPlanTest, numbers_that_run_out_are_refused_before_anything_is_written) {
  numbered("sales.invoice");
  discover();
  facts.columns[root("sales.invoice", "id")].left = 99;
  decide();
  refused("invoice_pkey", "id: 100 new values are needed, but only 99 are left");
}

TEST_F(IdPlanTest, numbers_of_one_sequence_must_be_enough_for_all_it_feeds) {
  numbered("sales.invoice");
  numbered("sales.order");
  discover();
  for (const char* table : {"sales.invoice", "sales.order"}) {
    facts.columns[root(table, "id")] = {.left = 199, .sequence = 7};
  }
  decide();
  refused("invoice_pkey", "id: 200 new values are needed, but only 199 are left");
  refused("order_pkey", "id: 200 new values are needed, but only 199 are left");
}

TEST_F(IdPlanTest, what_has_no_rows_needs_nothing) {
  numbered("sales.invoice");
  discover();
  facts.empty = {at("sales.invoice")};
  decide();
  kept("invoice_pkey", "no rows");
  EXPECT_TRUE(plan.renewed.empty());
}

TEST_F(IdPlanTest, columns_that_do_not_travel_are_not_renewed) {
  numbered("sales.device").column("serial uuid null").unique("device_serial", {"serial"});
  discover();
  facts.columns[root("sales.device", "serial")].loaded = false;
  decide();
  EXPECT_EQ(kind("sales.device", "serial"), IdKind::kNone);
}

}  // namespace
}  // namespace company_backup
