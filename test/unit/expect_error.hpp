// Expects an Error of a certain SQLSTATE that mentions `text` somewhere.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/text/error.hpp"

namespace company_backup {

template <typename Function>
void expect_error(const char* sqlstate, const std::string& text, Function function) {
  try {
    function();
  } catch (const Error& error) {
    const std::string all = error.message() + "\n" + error.detail() + "\n" + error.hint();
    EXPECT_STREQ(error.sqlstate(), sqlstate) << all;
    EXPECT_NE(all.find(text), std::string::npos) << "expected: " << text << "\nfound: " << all;
    return;
  }
  ADD_FAILURE() << "no error, but one was expected that mentions: " << text;
}

}  // namespace company_backup
