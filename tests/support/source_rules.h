// SPDX-License-Identifier: MIT
// The rules that keep the house in order: which folder may include which, what public headers may
// bring to their users, and that the library neither ends the process nor prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace adjoint::testing {

/// A file of the tree; `path` is relative to the repository's root.
struct SourceFile {
  std::string path;
  std::string text;
};

/// All sources and headers of the library: include/, core/, cpu/ and cuda/.
std::vector<SourceFile> library_sources();

/// `text` without comments, and with string and character literals emptied.
std::string without_comments_and_strings(std::string_view text);

/// What breaks a rule in `file`, one line each, as "path:line: what is wrong".
std::vector<std::string> include_violations(const SourceFile& file);
std::vector<std::string> call_violations(const SourceFile& file);

}  // namespace adjoint::testing
