#include "pg/rows/foreign_writer.hpp"

#include <algorithm>

#include "pg/base/foreign_reader.hpp"
#include "pg/base/owner.hpp"

namespace company_backup {

// What code that fires sets does not outlive it, whoever's it is.
template <class Body>
void ForeignWriter::as_reader(Body&& body) {
  const int settings = NewGUCNestLevel();
  OwnersCode code;
  const bool as_owner = reader_ != GetUserId();
  if (as_owner) code.begin(reader_);
  SPI_connect();
  body();
  SPI_finish();
  if (as_owner) code.end();
  AtEOXact_GUC(false, settings);
}

void ForeignWriter::open(Relation relation, const AttrNumber* given, int given_count) {
  const TupleDesc row = RelationGetDescr(relation);
  natts_ = row->natts;
  given_count_ = given_count;
  given_ = static_cast<AttrNumber*>(palloc(sizeof(AttrNumber) * given_count));
  std::copy(given, given + given_count, given_);
  row_ = static_cast<Datum*>(palloc(sizeof(Datum) * given_count));
  row_nulls_ = static_cast<char*>(palloc(given_count));
  Oid* types = static_cast<Oid*>(palloc(sizeof(Oid) * given_count));
  StringInfoData columns, parameters;
  initStringInfo(&columns);
  initStringInfo(&parameters);
  for (int i = 0; i < given_count; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(row, given[i] - 1);
    types[i] = attribute->atttypid;
    appendStringInfo(&columns, "%s%s", i ? ", " : "",
                     quote_identifier(NameStr(attribute->attname)));
    appendStringInfo(&parameters, "%s$%d", i ? ", " : "", i + 1);
  }
  const char* table = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                                 RelationGetRelationName(relation));
  StringInfoData sql;
  initStringInfo(&sql);
  appendStringInfo(&sql, "INSERT INTO %s (%s) VALUES (%s)", table, columns.data, parameters.data);
  reader_ = foreign_reader(RelationGetRelid(relation));
  as_reader([&] {
    plan_ = SPI_prepare(sql.data, given_count, types);
    if (plan_ == nullptr) {
      elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
    }
    SPI_keepplan(plan_);
  });
}

void ForeignWriter::insert(Datum* values, bool* nulls, int count) {
  as_reader([&] {
    for (int i = 0; i < count; ++i) {
      const size_t start = static_cast<size_t>(i) * natts_;
      for (int k = 0; k < given_count_; ++k) {
        row_[k] = values[start + given_[k] - 1];
        row_nulls_[k] = nulls[start + given_[k] - 1] ? 'n' : ' ';
      }
      const int code = SPI_execute_plan(plan_, row_, row_nulls_, false, 0);
      if (code != SPI_OK_INSERT) elog(ERROR, "INSERT failed: %s", SPI_result_code_string(code));
    }
  });
}

void ForeignWriter::close() {
  SPI_freeplan(plan_);
}

}  // namespace company_backup
