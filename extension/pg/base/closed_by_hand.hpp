// Objects whose end may raise an error, and so cannot be left to a destructor: close() ends them,
// or an error that leaves the operation, and the (sub)transaction with it.
#pragma once

#include <cassert>
#include <exception>

namespace company_backup {

class ClosedByHand {
 public:
  ClosedByHand() = default;
  ClosedByHand(const ClosedByHand&) = delete;
  ClosedByHand& operator=(const ClosedByHand&) = delete;

 protected:
  ~ClosedByHand() { assert(closed_ || std::uncaught_exceptions() > exceptions_); }
  void note_closed() { closed_ = true; }

 private:
  const int exceptions_ = std::uncaught_exceptions();
  bool closed_ = false;
};

}  // namespace company_backup
