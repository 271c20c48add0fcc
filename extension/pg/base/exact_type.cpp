#include "pg/base/exact_type.hpp"

extern "C" {
#include "access/nbtree.h"
}

namespace company_backup {

bool is_exact_type(Oid type, Oid collation) {
  const TypeCacheEntry* known = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
  if (!OidIsValid(known->btree_opf)) return false;
  const Oid is_image = get_opfamily_proc(known->btree_opf, known->btree_opintype,
                                         known->btree_opintype, BTEQUALIMAGE_PROC);
  return OidIsValid(is_image) &&
         DatumGetBool(OidFunctionCall1Coll(is_image, collation,
                                           ObjectIdGetDatum(known->btree_opintype)));
}

}  // namespace company_backup
