// Parameters of a column's base type, read by the type's input function: a cast from text could be
// a user's own.
#pragma once

#include <string>
#include <vector>

#include "core/ids/row_mapper.hpp"
#include "core/scope/schema.hpp"
#include "pg/base/spi.hpp"
#include "pg/base/value_input.hpp"

namespace company_backup {

inline Arg read_as(Oid type, const std::string& text) {
  const char* input = text.c_str();
  return Arg::datum(type, guarded([=] { return read_text(type, input, -1); }));
}

inline Arg typed_value(const Column& column, const Text& text) {
  if (text) return read_as(column.type_oid, *text);
  Arg null = Arg::datum(column.type_oid, 0);
  null.null = true;
  return null;
}

// Are values of the type put into rows of one column to be passed as an array: of arrays there is
// no array, and one of composite values comes apart in unnest()?
inline bool is_passed_in_rows(const Column& column) {
  const Oid type = column.type_oid;
  return guarded([type] {
    return get_typtype(type) == TYPTYPE_COMPOSITE || !OidIsValid(get_array_type(type));
  });
}

// To be read by unnested() of pg/rows/key_lookup.hpp.
inline Arg typed_array(const Column& column, const std::vector<Text>& values) {
  const Oid type = column.type_oid;
  if (!is_passed_in_rows(column)) {
    return read_as(guarded([type] { return get_array_type(type); }), array_text(values));
  }
  return Arg::datum(
      RECORDARRAYOID, guarded([&values, type] {
        TupleDesc form = CreateTemplateTupleDesc(1);
        TupleDescInitEntry(form, 1, "k", type, -1, 0);
        form = BlessTupleDesc(form);
        const int count = static_cast<int>(values.size());
        Datum* rows = static_cast<Datum*>(palloc(sizeof(Datum) * (count + 1)));
        for (int i = 0; i < count; ++i) {
          bool null = !values[i];
          Datum value = 0;
          if (!null) {
            value = read_text(type, values[i]->c_str(), -1);
          }
          rows[i] = HeapTupleGetDatum(heap_form_tuple(form, &value, &null));
        }
        return PointerGetDatum(construct_array(rows, count, RECORDOID, -1, false, TYPALIGN_DOUBLE));
      }));
}

inline Arg typed_array(const Column& column, const std::vector<std::string>& values) {
  return typed_array(column, std::vector<Text>(values.begin(), values.end()));
}

}  // namespace company_backup
