#include "pg/column_default.hpp"

#include <algorithm>

#include "core/sql.hpp"
#include "pg/owner.hpp"

namespace company_backup {
namespace {

constexpr int kLargestBatch = 1000;

bool is_next_value(Node* node) {
  node = strip_implicit_coercions(node);
  if (IsA(node, NextValueExpr)) return true;  // identity
  return IsA(node, FuncExpr) && reinterpret_cast<FuncExpr*>(node)->funcid == F_NEXTVAL;
}

}  // namespace

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

DefaultValues::DefaultValues(const Table& table, const Column& column)
    : table_(table),
      column_(column),
      is_sequence_(default_of(table, column) == DefaultKind::kSequence) {
  if (is_sequence_) return;
  expression_ =
      *query("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = $1 AND adnum = $2",
             {Arg::datum(OIDOID, ObjectIdGetDatum(table.oid)), static_cast<int>(column.number)})
           .at(0)[0];
}

Text DefaultValues::next() {
  if (at_ == values_.size()) {
    fetch(batch_);
    batch_ = std::min(batch_ * 2, kLargestBatch);
    at_ = 0;
  }
  return values_[at_++][0];
}

void DefaultValues::fetch(int count) {
  values_.clear();
  if (is_sequence_) {
    take_values(feeding_sequence(table_, column_), static_cast<uint64_t>(count),
                [this](int64_t value) { values_.push_back({std::to_string(value)}); });
    return;
  }
  const AsOwnerOf owner(table_.oid);
  values_ =
      query("SELECT " + as_text("(" + expression_ + ")", column_) + " FROM generate_series(1, $1)",
            {count}, Access::kCall);
}

}  // namespace company_backup
