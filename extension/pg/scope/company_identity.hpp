// Which company is which. A key alone does not say it: a deleted company's key may be taken anew.
// So each company has an identity of the extension's own since it was first seen, which ends when
// its row goes (pg/scope/company_triggers.hpp). What is stored belongs to an identity.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/scope/company_scope.hpp"

namespace company_backup {

using CompanyIdentity = std::optional<int64_t>;  // none: the company was never seen

// Of the company that has this key now.
CompanyIdentity identity_of_key(const std::string& key, Access access = Access::kCall);

// The same; made if there is none, and then the company cannot be deleted until the transaction
// ends. Error kSerializationFailure if it just has been.
int64_t make_identity(const LiveScope& live, const Company& company);

// Of a company that was just created: `former`, if that is a deleted company which had this key.
int64_t identity_of_created(const LiveScope& live, const Company& company,
                            const CompanyIdentity& former);

// Error kSerializationFailure if the company was deleted since: rows that were read meanwhile may
// be those of another one with its key. Whoever deletes it from now on waits until the transaction
// ends, and then finds what it stored.
void refuse_ended(int64_t identity, const std::string& key);

// Who had a key when the guard was asked about it. Keys change hands: a company is deleted or gets
// another key, and a newcomer takes its own.
class KeyHolder {
 public:
  // As the active snapshot has it.
  explicit KeyHolder(std::string key);
  static KeyHolder now(const std::string& key);

  const CompanyIdentity& identity() const { return before_.identity; }
  // Another text whenever somebody has lost the key.
  const std::string& ends() const { return before_.ends; }
  [[noreturn]] void refuse() const;

  // Error kSerializationFailure if the key has changed hands since: as the active snapshot has it,
  // or as it is now (in a REPEATABLE READ transaction: as that sees it).
  void require_same() const;
  void require_same_now() const;

 private:
  struct Moment {
    CompanyIdentity identity;
    std::string ends;
  };
  Moment read(Access access) const;
  void compare(const Moment& now) const;

  std::string key_;
  Moment before_;
};

// The company that the guard was asked about, for the operation to keep: whoever has its key by the
// time that rows are read or locked must be the same one.
class AskedCompany {
 public:
  // As it is now. Errors of resolve_company(), but for kUnknownCompany.
  AskedCompany(const LiveScope& live, const Text& company);

  bool exists() const { return row_.has_value(); }
  // Of the row; where there is none, as the caller wrote it.
  const std::string& key() const { return row_ ? row_->key : *written_; }
  const CompanyIdentity& identity() const { return holder_->identity(); }
  const std::string& ends() const { return holder_->ends(); }
  void require_same_now() const { holder_->require_same_now(); }
  const Company& row() const { return *row_; }
  // The OID of the table that holds the row, which may be a partition; 0: there is none.
  uint32_t place() const { return place_; }
  // What there is to say where there is no row: kUnknownCompany.
  const Error& unknown() const { return *unknown_; }

  // Its row, as the active snapshot has it. Errors kUnknownCompany, and kSerializationFailure if
  // that is of another company.
  Company resolve(const LiveScope& live) const;

 private:
  void ask(const LiveScope& live);

  Text written_;
  std::optional<Company> row_;
  std::optional<Error> unknown_;
  uint32_t place_ = 0;
  std::optional<KeyHolder> holder_;
};

// Keys that the company had before.
std::vector<std::string> former_keys(int64_t identity);

// Of the company that had this key at a time (2026-11-22T01:02:03Z) in the past.
CompanyIdentity identity_at(const std::string& key, const std::string& time);

}  // namespace company_backup
