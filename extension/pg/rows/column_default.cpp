#include "pg/rows/column_default.hpp"

#include <algorithm>
#include <cstring>

#include "core/scope/sql.hpp"
#include "pg/base/code_owner.hpp"
#include "pg/base/encoding.hpp"
#include "pg/base/owner.hpp"
#include "pg/rows/rule_expression.hpp"
#include "pg/rows/table_writer.hpp"

namespace company_backup {
namespace {

constexpr int kLargestBatch = 1000;

bool is_next_value(Node* node) {
  node = strip_implicit_coercions(node);
  if (IsA(node, NextValueExpr)) return true;  // identity
  return IsA(node, FuncExpr) && reinterpret_cast<FuncExpr*>(node)->funcid == F_NEXTVAL;
}

// What ALTER TABLE ... SET DEFAULT would make of it. Inside guarded() only.
Node* cook_default(Relation relation, AttrNumber number, const char* expression) {
  const FormData_pg_attribute* attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
  ParseState* state = make_parsestate(nullptr);
  Node* cooked = cookDefault(state, parse_expression(expression), attribute->atttypid,
                             attribute->atttypmod, pstrdup(NameStr(attribute->attname)), '\0');
  free_parsestate(state);
  return cooked;
}

// `count` values in text form; null: NULL. Inside guarded() only.
void evaluate(Relation relation, AttrNumber number, const char* expression, int count,
              const char** texts) {
  const Oid type = TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid;
  Oid output;
  bool is_varlena;
  getTypeOutputInfo(type, &output, &is_varlena);
  EState* estate = CreateExecutorState();
  ExprState* state =
      ExecPrepareExpr(reinterpret_cast<Expr*>(cook_default(relation, number, expression)), estate);
  for (int i = 0; i < count; ++i) {
    bool is_null;
    const Datum value = ExecEvalExpr(state, GetPerTupleExprContext(estate), &is_null);
    texts[i] = is_null ? nullptr : from_server(OidOutputFunctionCall(output, value));
    ResetPerTupleExprContext(estate);
  }
  FreeExecutorState(estate);
}

}  // namespace

void require_own_replacement(const Table& table, const Column& column,
                             const std::string& expression) {
  const Rows rule = own_query(
      "SELECT CASE WHEN said_in = (SELECT identity FROM company_backup.database_identity) THEN "
      "(SELECT r.rolname FROM pg_roles r WHERE r.oid = replacement_role) ELSE replacement_by END, "
      "replacement_by FROM (SELECT table_schema, table_name, column_name, replacement, "
      "replacement_by, replacement_role, said_in FROM company_backup.column_rule UNION ALL SELECT "
      "table_schema, table_name, column_name, replacement, replacement_by, replacement_role, "
      "said_in FROM company_backup.column_default) rule WHERE table_schema::text = $1 AND "
      "table_name::text = $2 AND column_name::text = $3 AND replacement = $4",
      {table.schema, table.name, column.name, expression});
  require_said_by_owner(table, rule,
                        "replacement for column \"" + column.name + "\" of table " +
                            quoted_display(display_table(table)));
}

ReplacementValues::ReplacementValues(const Table& table, const Column& column,
                                     std::string expression)
    : table_(table), column_(column), expression_(std::move(expression)) {
  require_own_replacement(table, column, expression_);
}

Text ReplacementValues::next() {
  if (at_ < values_.size()) return values_[at_++];
  std::vector<const char*> texts(static_cast<size_t>(batch_));
  const char** const out = texts.data();
  const int count = batch_;
  const MemoryContext memory = guarded([] {
    return AllocSetContextCreate(CurrentMemoryContext, "company_backup replacements",
                                 ALLOCSET_DEFAULT_SIZES);
  });
  const auto refuse_null = [this](const std::string& detail) {
    throw Error(sqlstate::kMissingValue, "the replacement for column \"" + column_.name +
                                             "\" of table " +
                                             quoted_display(display_table(table_)) +
                                             " gives null, but the column must not be null")
        .detail(detail)
        .hint("Set another one: set_column_rule(..., replacement => ...).");
  };
  // A domain refuses NULL where it is made.
  guarded_or_for(
      ERRCODE_NOT_NULL_VIOLATION,
      [&, out, count, memory] {
        const MemoryContext before = MemoryContextSwitchTo(memory);
        const Relation relation = table_open(table_.oid, AccessShareLock);
        run_owners_code(owner_of_replacement(relation, column_.number), [&] {
          evaluate(relation, column_.number, expression_.c_str(), count, out);
        });
        table_close(relation, NoLock);
        MemoryContextSwitchTo(before);
      },
      [&](const CaughtError& error) { refuse_null(error.message + "."); },
      [](int) { return std::string(); });
  values_.clear();
  for (const char* text : texts) {
    if (text == nullptr && column_.not_null) refuse_null("It is " + expression_ + ".");
    values_.push_back(text == nullptr ? Text() : Text(text));
  }
  guarded([memory] { MemoryContextDelete(memory); });
  batch_ = std::min(batch_ * 2, kLargestBatch);
  at_ = 0;
  return values_[at_++];
}

void require_replacement(Oid table, const std::string& column, const std::string& expression) {
  guarded_or(
      [&] {
        const Relation relation = table_open(table, AccessShareLock);
        const AttrNumber number = column_number(table, column.c_str());
        run_owners_code(owner_of_replacement(relation, number),
                        [&] { cook_default(relation, number, expression.c_str()); });
        table_close(relation, NoLock);
      },
      [&](const CaughtError& error) {
        throw Error(sqlstate::kBadRule,
                    "the replacement for column \"" + column + "\" cannot be used as its default")
            .detail(error.message + ".")
            .hint(
                "Write an expression as after DEFAULT, as in replacement => "
                "'gen_random_uuid()::text'. Functions that are not PostgreSQL's own need their "
                "schema.");
      });
}

void require_constant(Oid table, const std::string& column, const std::string& expression) {
  const auto refuse = [&](const std::string& detail) {
    throw Error(sqlstate::kBadRule, "the expression cannot be the value of column \"" + column +
                                        "\" in rows of older archives")
        .detail(detail)
        .hint(
            "Write an expression that is the same for each row and each restore, as in "
            "set_column_default(..., '0').");
  };
  struct Found {
    bool changes, is_null;
  };
  const Found found = guarded_or(
      [&] {
        Found result{};
        const Relation relation = table_open(table, AccessShareLock);
        const AttrNumber number = column_number(table, column.c_str());
        run_owners_code(owner_of_replacement(relation, number), [&] {
          result.changes =
              contain_mutable_functions(cook_default(relation, number, expression.c_str()));
          if (result.changes) return;
          const char* text;
          evaluate(relation, number, expression.c_str(), 1, &text);
          result.is_null = text == nullptr;
        });
        table_close(relation, NoLock);
        return result;
      },
      [&](const CaughtError& error) { refuse(error.message + "."); });
  if (found.changes) {
    refuse("It calls something that is not immutable: its value may change from one to the next.");
  }
  const Rows not_null =
      query("SELECT FROM pg_attribute WHERE attrelid = $1 AND attname::text = $2 AND attnotnull",
            {Arg::datum(OIDOID, ObjectIdGetDatum(table)), column});
  if (found.is_null && !not_null.empty()) refuse("It is null, but the column must not be null.");
}

DefaultKind default_of(const Table& table, const Column& column) {
  if (column.generated) return DefaultKind::kNone;
  const Oid oid = table.oid;
  const int16_t number = column.number;
  return guarded([=] {
    const Relation relation = relation_open(oid, AccessShareLock);
    Node* expression = build_column_default(relation, number);
    relation_close(relation, NoLock);
    if (expression == nullptr) return DefaultKind::kNone;
    if (is_next_value(expression)) return DefaultKind::kSequence;
    return contain_volatile_functions(expression) ? DefaultKind::kVolatile : DefaultKind::kOther;
  });
}

ColumnSequence feeding_sequence(const Table& table, const Column& column) {
  for (const ColumnSequence& sequence : sequences_of(table.oid)) {
    if (sequence.column == column.number) return sequence;
  }
  throw Error(sqlstate::kInternal, "a sequence was not found");
}

std::vector<Text> evaluate_default(uint32_t table, const std::string& column, int count) {
  const char* name = column.c_str();
  const std::string what =
      "default of column \"" + column + "\" of table \"" + guarded([=] {
        return from_server(quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
                                                      get_rel_name(table)));
      }) +
      "\"";
  const char** values = guarded_code(what, [=] {
    const char** texts = static_cast<const char**>(palloc0(sizeof(char*) * count));
    Relation relation = table_open(table, AccessShareLock);
    const AttrNumber attnum = column_number(table, name);
    Oid output;
    bool varlena;
    getTypeOutputInfo(TupleDescAttr(RelationGetDescr(relation), attnum - 1)->atttypid, &output,
                      &varlena);
    run_owners_code(owner_of_default(relation, attnum), [&] {
      auto* expression = reinterpret_cast<Expr*>(build_column_default(relation, attnum));
      if (expression == nullptr) return;
      EState* estate = CreateExecutorState();
      ExprState* state = ExecPrepareExpr(expression, estate);
      for (int i = 0; i < count; ++i) {
        CHECK_FOR_INTERRUPTS();
        bool is_null;
        const Datum value =
            ExecEvalExprSwitchContext(state, GetPerTupleExprContext(estate), &is_null);
        if (!is_null) texts[i] = from_server(OidOutputFunctionCall(output, value));
        ResetPerTupleExprContext(estate);
      }
      FreeExecutorState(estate);
    });
    table_close(relation, AccessShareLock);
    return texts;
  });
  std::vector<Text> result;
  for (int i = 0; i < count; ++i) result.push_back(values[i] ? Text(values[i]) : Text());
  guarded([=] {
    for (int i = 0; i < count; ++i) {
      if (values[i] != nullptr) pfree(const_cast<char*>(values[i]));
    }
    pfree(values);
  });
  return result;
}

DefaultValues::DefaultValues(const Table& table, const Column& column)
    : table_(table),
      column_(column),
      is_sequence_(default_of(table, column) == DefaultKind::kSequence) {}

Text DefaultValues::next() {
  if (at_ == values_.size()) {
    fetch(batch_);
    batch_ = std::min(batch_ * 2, kLargestBatch);
    at_ = 0;
  }
  return values_[at_++];
}

void DefaultValues::fetch(int count) {
  values_.clear();
  if (is_sequence_) {
    take_values(feeding_sequence(table_, column_), static_cast<uint64_t>(count),
                [this](int64_t value) { values_.push_back(std::to_string(value)); });
    return;
  }
  values_ = evaluate_default(table_.oid, column_.name, count);
}

}  // namespace company_backup
