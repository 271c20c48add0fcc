#include "pg/base/arguments.hpp"

#include "pg/base/encoding.hpp"

namespace company_backup {
namespace {

[[noreturn]] void refuse_null(const char* name) {
  throw Error(sqlstate::kInvalidParameter, std::string(name) + " must not be null");
}

// A detoasted text, bytea or name argument; trivially copyable.
struct Bytes {
  const char* data;
  size_t size;
};

// As the function declares it: a call by the fast path has no expression that tells. Inside
// guarded() only.
Oid declared_type(FunctionCallInfo fcinfo, int index) {
  Oid* types;
  int count;
  get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
  return types[index];
}

Bytes argument_bytes(FunctionCallInfo fcinfo, int index) {
  return guarded([=] {
    if (declared_type(fcinfo, index) == NAMEOID) {
      const char* name = NameStr(*PG_GETARG_NAME(index));
      return Bytes{name, strlen(name)};
    }
    const varlena* value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(index));
    return Bytes{VARDATA_ANY(value), static_cast<size_t>(VARSIZE_ANY_EXHDR(value))};
  });
}

std::string argument_text(FunctionCallInfo fcinfo, int index) {
  const Bytes bytes = argument_bytes(fcinfo, index);
  return std::string(
      guarded([=] { return from_server(std::string_view(bytes.data, bytes.size)); }));
}

}  // namespace

Oid required_oid(FunctionCallInfo fcinfo, int index, const char* name) {
  if (PG_ARGISNULL(index)) refuse_null(name);
  return PG_GETARG_OID(index);
}

int64_t required_int64(FunctionCallInfo fcinfo, int index, const char* name) {
  if (PG_ARGISNULL(index)) refuse_null(name);
  return PG_GETARG_INT64(index);
}

std::string required_text(FunctionCallInfo fcinfo, int index, const char* name) {
  if (PG_ARGISNULL(index)) refuse_null(name);
  return argument_text(fcinfo, index);
}

std::string required_bytes(FunctionCallInfo fcinfo, int index, const char* name) {
  if (PG_ARGISNULL(index)) refuse_null(name);
  const Bytes bytes = argument_bytes(fcinfo, index);
  return std::string(bytes.data, bytes.size);
}

std::string required_jsonb(FunctionCallInfo fcinfo, int index, const char* name) {
  if (PG_ARGISNULL(index)) refuse_null(name);
  return guarded([=] {
    Jsonb* value = PG_GETARG_JSONB_P(index);
    return from_server(JsonbToCString(nullptr, &value->root, VARSIZE(value)));
  });
}

bool is_default_argument(FunctionCallInfo fcinfo, int index) {
  const Node* call = fcinfo->flinfo->fn_expr;
  if (call == nullptr || !IsA(call, FuncExpr)) return false;
  const List* arguments = reinterpret_cast<const FuncExpr*>(call)->args;
  if (list_length(arguments) <= index) return false;
  const auto* argument = static_cast<const Node*>(list_nth(arguments, index));
  return IsA(argument, Const) && reinterpret_cast<const Const*>(argument)->location == -1;
}

Text optional_text(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return std::nullopt;
  return argument_text(fcinfo, index);
}

Text company_argument(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return std::nullopt;
  const Datum value = PG_GETARG_DATUM(index);
  return guarded([=]() -> const char* {
    Oid output;
    bool varlena;
    getTypeOutputInfo(declared_type(fcinfo, index), &output, &varlena);
    return from_server(OidOutputFunctionCall(output, value));
  });
}

Text require_short(Text text, const char* name) {
  constexpr size_t kLongest = 10'000;
  if (text && text->size() > kLongest) {
    throw Error(sqlstate::kInvalidParameter, std::string(name) + " is too long")
        .detail("It has " + std::to_string(text->size()) + " bytes; the limit is " +
                std::to_string(kLongest) + ".");
  }
  return text;
}

Text short_text(FunctionCallInfo fcinfo, int index, const char* name) {
  return require_short(optional_text(fcinfo, index), name);
}

std::optional<std::vector<std::string>> optional_names(FunctionCallInfo fcinfo, int index) {
  if (PG_ARGISNULL(index)) return std::nullopt;
  struct Names {
    Datum* items;
    bool* nulls;
    int count;
  };
  const Names names = guarded([=] {
    Names result;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(index), NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR,
                      &result.items, &result.nulls, &result.count);
    return result;
  });
  std::vector<std::string> list;
  for (int i = 0; i < names.count; ++i) {
    if (names.nulls[i]) refuse_null("an element of a list of names");
    list.emplace_back(guarded([&] { return from_server(NameStr(*DatumGetName(names.items[i]))); }));
  }
  return list;
}

void refuse_word(const std::string& what, const std::string& value,
                 const std::vector<std::string>& possible) {
  std::string list;
  for (const std::string& word : possible) list += (list.empty() ? "" : ", ") + word;
  throw Error(sqlstate::kInvalidParameter, "invalid " + what + ": \"" + value + "\"")
      .hint("Possible values: " + list + ".");
}

Datum return_text(const std::string& text) {
  return guarded([&] { return CStringGetTextDatum(to_server(text.c_str())); });
}

ResultRows::ResultRows(FunctionCallInfo fcinfo) {
  guarded([&] {
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    result_ = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    inputs_ = TupleDescGetAttInMetadata(result_->setDesc);
    cells_ = static_cast<const char**>(palloc(sizeof(char*) * result_->setDesc->natts));
    memory_ = AllocSetContextCreate(CurrentMemoryContext, "company_backup result row",
                                    ALLOCSET_SMALL_SIZES);
  });
}

void ResultRows::put(const Row& row) {
  guarded([&] {
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    for (int i = 0; i < result_->setDesc->natts; ++i) {
      cells_[i] = row[i] ? to_server(row[i]->c_str()) : nullptr;
    }
    HeapTuple tuple = BuildTupleFromCStrings(inputs_, const_cast<char**>(cells_));
    tuplestore_puttuple(result_->setResult, tuple);
    MemoryContextSwitchTo(before);
    MemoryContextReset(memory_);
  });
}

Datum return_rows(FunctionCallInfo fcinfo, const Rows& rows) {
  ResultRows result(fcinfo);
  for (const Row& row : rows) result.put(row);
  return Datum{0};
}

}  // namespace company_backup
