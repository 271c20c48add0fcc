// What a session keeps of code that it has compiled: it went by the search_path and the temporary
// schema of that moment, which were the caller's. Names in it may stand for what he put there, and
// would run with the rights of the code's owner. Around owners' code all of it is compiled again,
// or looked at where PostgreSQL has no way to do that.
#pragma once

#include "pg/base/postgres.hpp"

namespace company_backup {

// To be called once, when the module is loaded.
void install_function_judge();

// Whether PL/pgSQL functions that begin are looked at. One with a variable of a type that belongs
// to somebody who may not act as the current user is refused: error kForeignCode. Raises nothing.
void judge_functions(bool on);

// All inside guarded() only, as the code's owner.

// CHECKs of domains, and what PL/pgSQL keeps planned and casts with: compiled anew when next used.
void forget_compiled_code();

// The expressions and the predicate of an index, as the catalog has them.
void renew_index_code(Relation index, IndexInfo* info);
void renew_index_code(ResultRelInfo* table);

// Rows find their partitions by what the session keeps. Error kForeignCode if that is not what the
// keys of the table, of its partitions and of what it is a partition of say now.
void require_own_partition_keys(Relation relation);

}  // namespace company_backup
