// Texts put aside to be read once in the same order; on disk beyond work_mem.
#pragma once

#include <string_view>

#include "pg/base/boundary.hpp"

namespace company_backup {

class LineSpool {
 public:
  void put(std::string_view line);
  bool empty() const { return store_ == nullptr; }
  // The next text, valid until the next call; false at the end, when all is given back. Nothing may
  // be put after the first call.
  bool next(std::string_view& line);

 private:
  Tuplestorestate* store_ = nullptr;  // freed with its memory context after an error
  TupleTableSlot* slot_ = nullptr;
};

// Texts in the order of their bytes; on disk beyond work_mem.
class LineSorter {
 public:
  LineSorter();
  void put(std::string_view line);
  // To be called once, between the last put() and the first next().
  void sort();
  // The next text, valid until the next call; false at the end, when all is given back.
  bool next(std::string_view& line);
  // Gives all back instead.
  void discard();

 private:
  Tuplesortstate* state_;
  MemoryContext memory_;
};

}  // namespace company_backup
