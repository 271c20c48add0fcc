#include "core/scope/treatment.hpp"

namespace company_backup {

bool gives_new_values(ColumnTreatment treatment) {
  switch (treatment) {
    case ColumnTreatment::kRenew:
    case ColumnTreatment::kGroup:
      return true;
    case ColumnTreatment::kData:
    case ColumnTreatment::kSecret:
    case ColumnTreatment::kIdentity:
    case ColumnTreatment::kCounter:
    case ColumnTreatment::kFile:
    case ColumnTreatment::kPath:
      break;
  }
  return false;
}

ColumnTreatment beside_key(ColumnTreatment treatment) {
  const bool is_other = gives_new_values(treatment) || treatment == ColumnTreatment::kPath;
  return is_other ? ColumnTreatment::kData : treatment;
}

const char* to_text(TableTreatment treatment) {
  switch (treatment) {
    case TableTreatment::kCompany:
      return "company";
    case TableTreatment::kAppendOnly:
      return "append_only";
    case TableTreatment::kExcluded:
      return "excluded";
    case TableTreatment::kShared:
      return "shared";
    case TableTreatment::kPeople:
      return "people";
    case TableTreatment::kGlobal:
      return "global";
  }
  return "";
}

const char* to_text(ColumnTreatment treatment) {
  switch (treatment) {
    case ColumnTreatment::kData:
      return "data";
    case ColumnTreatment::kSecret:
      return "secret";
    case ColumnTreatment::kIdentity:
      return "identity";
    case ColumnTreatment::kCounter:
      return "counter";
    case ColumnTreatment::kFile:
      return "file";
    case ColumnTreatment::kRenew:
      return "renew";
    case ColumnTreatment::kGroup:
      return "group";
    case ColumnTreatment::kPath:
      return "path";
  }
  return "";
}

const char* to_text(OutsidePolicy policy) {
  switch (policy) {
    case OutsidePolicy::kRefuse:
      return "refuse";
    case OutsidePolicy::kKeep:
      return "keep";
    case OutsidePolicy::kNull:
      return "null";
  }
  return "";
}

}  // namespace company_backup
