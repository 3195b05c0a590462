// SPDX-License-Identifier: MIT
// Functions, files and lines of return addresses: from DWARF by libdw, where the library was built
// with its headers and finds it when it runs, or else from the symbols that the dynamic linker
// knows.
#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/util/call_site.h"

#ifdef ADJOINT_HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <unistd.h>
#endif

namespace adjoint {
namespace {

std::string demangled(const std::string& symbol) {
  int status = 0;
  char* readable = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string out = status == 0 ? readable : symbol;
  std::free(readable);
  return out;
}

/// Of namespace adjoint or std, also a local class, lambda or static of one of their functions.
bool is_passed_over(std::string_view symbol) {
  if (!symbol.starts_with("_Z")) {
    return symbol.starts_with("adjoint::") || symbol.starts_with("std::");
  }
  symbol.remove_prefix(2);
  while (symbol.starts_with("Z") || symbol.starts_with("GV")) symbol.remove_prefix(1);
  if (symbol.starts_with("St")) return true;
  if (!symbol.starts_with("N")) return false;
  symbol.remove_prefix(1);
  while (!symbol.empty() && std::string_view("KVrRO").find(symbol[0]) != std::string_view::npos) {
    symbol.remove_prefix(1);
  }
  return symbol.starts_with("7adjoint") || symbol.starts_with("St") || symbol.starts_with("Sa") ||
         symbol.starts_with("Ss") || symbol.starts_with("9__gnu_cxx");
}

/// A name that does not tell its namespace: of little debug information (-g1), or of C.
bool is_bare(std::string_view symbol) {
  const std::string_view name = symbol.substr(0, symbol.find('<'));
  return !symbol.starts_with("_Z") && name.find("::") == std::string_view::npos;
}

}  // namespace

std::string function_name(const std::string& demangled) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  size_t start = 0, end = demangled.size();
  int depth = 0;
  for (size_t i = 0; i < demangled.size(); ++i) {
    if (demangled.compare(i, kAnonymous.size(), kAnonymous) == 0) {
      i += kAnonymous.size() - 1;
      continue;
    }
    // The characters of an operator's name are no brackets, and what it converts to is part of it.
    if (demangled.compare(i, 8, "operator") == 0 && depth == 0) {
      const size_t parameters = demangled.find('(', i + 8);
      if (parameters == std::string::npos) break;
      i = demangled.compare(parameters, 2, "()") == 0 && parameters == i + 8 ? i + 9
                                                                             : parameters - 1;
      continue;
    }
    const char c = demangled[i];
    if (c == '(' && depth == 0) {
      end = i;
      break;
    }
    if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
    if (c == '>' || c == ')' || c == '}' || c == ']') --depth;
    if (c == ' ' && depth == 0) start = i + 1;
  }
  return demangled.substr(start, end - start);
}

#ifdef ADJOINT_HAVE_LIBDW

namespace {

/// The functions of libdw that are used. Loaded when first needed: programs that never ask for a
/// source location do not carry it.
struct Libdw {
#define ADJOINT_LIBDW_FUNCTIONS(F)                                                          \
  F(dwfl_begin)                                                                             \
  F(dwfl_end)                                                                               \
  F(dwfl_report_begin)                                                                      \
  F(dwfl_report_end)                                                                        \
  F(dwfl_linux_proc_report)                                                                 \
  F(dwfl_linux_proc_find_elf)                                                               \
  F(dwfl_addrmodule) F(dwfl_module_addrinfo) F(dwfl_module_addrdie) F(dwfl_module_getsrc)   \
      F(dwfl_lineinfo) F(dwarf_getscopes) F(dwarf_getscopes_die) F(dwarf_tag) F(dwarf_attr) \
          F(dwarf_attr_integrate) F(dwarf_formstring) F(dwarf_formref_die) F(dwarf_diename) \
              F(dwarf_formudata) F(dwarf_getsrcfiles) F(dwarf_filesrc)
#define ADJOINT_DECLARE(name) decltype(&::name) name = nullptr;
  ADJOINT_LIBDW_FUNCTIONS(ADJOINT_DECLARE)
#undef ADJOINT_DECLARE

  bool is_there = false;

  Libdw() {
    void* library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    is_there = true;
#define ADJOINT_LOAD(name)                                        \
  name = reinterpret_cast<decltype(name)>(dlsym(library, #name)); \
  is_there = is_there && name;
    ADJOINT_LIBDW_FUNCTIONS(ADJOINT_LOAD)
#undef ADJOINT_LOAD
#undef ADJOINT_LIBDW_FUNCTIONS
  }
};

const Libdw& libdw() {
  static const Libdw& functions = *new Libdw();
  return functions;
}

/// Debug information apart from the program is not looked for: that could ask servers for it.
int find_no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*,
                       GElf_Word, char**) {
  return -1;
}

std::string text(const char* s) { return s ? s : ""; }

/// "program::(anonymous namespace)::f": what the compiler gives no symbol has its scopes.
std::string qualified_name(Dwarf_Die declaration) {
  for (unsigned link : {DW_AT_abstract_origin, DW_AT_specification}) {
    Dwarf_Attribute attribute;
    Dwarf_Die target;
    if (libdw().dwarf_attr(&declaration, link, &attribute) &&
        libdw().dwarf_formref_die(&attribute, &target)) {
      declaration = target;
    }
  }
  std::string out;
  Dwarf_Die* scopes = nullptr;
  const int count = libdw().dwarf_getscopes_die(&declaration, &scopes);
  for (int i = 0; i < count; ++i) {
    const int tag = libdw().dwarf_tag(&scopes[i]);
    const bool is_type = tag == DW_TAG_class_type || tag == DW_TAG_structure_type;
    if (i != 0 && !is_type && tag != DW_TAG_namespace) continue;
    const char* name = libdw().dwarf_diename(&scopes[i]);
    const std::string scope = name ? name : is_type ? "(unnamed)" : "(anonymous namespace)";
    out = i == 0 ? scope : scope + "::" + out;
  }
  std::free(scopes);
  return out;
}

std::string symbol_of(Dwarf_Die* die) {
  for (unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    Dwarf_Attribute attribute;
    if (!libdw().dwarf_attr_integrate(die, name, &attribute)) continue;
    if (const char* value = libdw().dwarf_formstring(&attribute)) return value;
  }
  return qualified_name(*die);
}

uint64_t number_of(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (!libdw().dwarf_attr(die, name, &attribute) ||
      libdw().dwarf_formudata(&attribute, &value) != 0) {
    return 0;
  }
  return value;
}

std::string file_of(Dwarf_Die* cu, uint64_t index) {
  Dwarf_Files* files = nullptr;
  size_t count = 0;
  if (libdw().dwarf_getsrcfiles(cu, &files, &count) != 0 || index >= count) return {};
  return text(libdw().dwarf_filesrc(files, index, nullptr, nullptr));
}

}  // namespace

struct Symbolizer::DebugInfo {
  Dwfl* dwfl;

  DebugInfo() {
    static const Dwfl_Callbacks callbacks = {libdw().dwfl_linux_proc_find_elf, find_no_debug_file,
                                             nullptr, nullptr};
    dwfl = libdw().dwfl_begin(&callbacks);
    if (!dwfl) return;
    libdw().dwfl_report_begin(dwfl);
    libdw().dwfl_linux_proc_report(dwfl, getpid());
    libdw().dwfl_report_end(dwfl, nullptr, nullptr);
  }
  ~DebugInfo() {
    if (dwfl) libdw().dwfl_end(dwfl);
  }

  std::vector<Frame> frames_at(uintptr_t address) const {
    std::vector<Frame> out;
    Dwfl_Module* module = dwfl ? libdw().dwfl_addrmodule(dwfl, address) : nullptr;
    if (!module) return out;
    Dwarf_Addr bias = 0;
    if (Dwarf_Die* cu = libdw().dwfl_module_addrdie(module, address, &bias)) {
      add_scopes(module, cu, address, address - bias, out);
    }
    if (!out.empty() && !is_bare(out.back().symbol)) return out;
    GElf_Off offset = 0;
    GElf_Sym symbol;
    const char* name =
        libdw().dwfl_module_addrinfo(module, address, &offset, &symbol, nullptr, nullptr, nullptr);
    if (!name) return out;
    if (out.empty()) {
      int line = 0;
      const std::string file = line_at(module, address, line);
      out.push_back({name, {{}, file, line}});
    } else {
      out.back().symbol = name;
    }
    return out;
  }

  /// The file, and the line: 0 where they are not known.
  static std::string line_at(Dwfl_Module* module, uintptr_t address, int& line) {
    Dwfl_Line* at = libdw().dwfl_module_getsrc(module, address);
    return at ? text(libdw().dwfl_lineinfo(at, nullptr, &line, nullptr, nullptr, nullptr)) : "";
  }

  /// The function at `address` and those that it was inlined into.
  static void add_scopes(Dwfl_Module* module, Dwarf_Die* cu, uintptr_t address, Dwarf_Addr in_file,
                         std::vector<Frame>& out) {
    int line = 0;
    std::string file = line_at(module, address, line);
    Dwarf_Die* scopes = nullptr;
    int count = libdw().dwarf_getscopes(cu, in_file, &scopes);
    int innermost = 0;
    while (innermost < count && !is_function(&scopes[innermost])) ++innermost;
    if (innermost < count) {
      // The scopes of an inlined function are those of its definition: what it is inlined into is
      // found from its own entry.
      Dwarf_Die* callers = nullptr;
      int num_callers = libdw().dwarf_getscopes_die(&scopes[innermost], &callers);
      for (int i = 0; i < num_callers; ++i) {
        if (!is_function(&callers[i])) continue;
        out.push_back({symbol_of(&callers[i]), {{}, file, line}});
        if (libdw().dwarf_tag(&callers[i]) == DW_TAG_subprogram) break;
        file = file_of(cu, number_of(&callers[i], DW_AT_call_file));
        line = int(number_of(&callers[i], DW_AT_call_line));
      }
      std::free(callers);
    }
    std::free(scopes);
  }

  static bool is_function(Dwarf_Die* die) {
    const int tag = libdw().dwarf_tag(die);
    return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
  }
};

Symbolizer::Symbolizer() = default;
Symbolizer::~Symbolizer() { delete debug_info_; }

#else

struct Symbolizer::DebugInfo {};
Symbolizer::Symbolizer() = default;
Symbolizer::~Symbolizer() = default;

#endif

const std::vector<Symbolizer::Frame>& Symbolizer::frames_at(void* address) {
  auto [entry, is_new] = known_.try_emplace(address);
  std::vector<Frame>& out = entry->second;
  if (!is_new) return out;
  // The address is that of the instruction after the call.
  const uintptr_t call = reinterpret_cast<uintptr_t>(address) - 1;
#ifdef ADJOINT_HAVE_LIBDW
  if (libdw().is_there) {
    if (!debug_info_) debug_info_ = new DebugInfo();
    out = debug_info_->frames_at(call);
  }
#endif
  Dl_info info{};
  const bool is_found = dladdr(reinterpret_cast<void*>(call), &info) != 0;
  if (out.empty()) out.push_back({is_found && info.dli_sname ? info.dli_sname : "", {}});
  for (Frame& frame : out) {
    SourceFrame& source = frame.source;
    source.function = function_name(demangled(frame.symbol));
    if (!source.file.empty()) continue;
    // As `addr2line -e file offset` understands it.
    char offset[32];
    std::snprintf(offset, sizeof offset, "+0x%zx",
                  size_t(call - reinterpret_cast<uintptr_t>(info.dli_fbase)));
    source.file = (is_found && info.dli_fname ? info.dli_fname : "?") + std::string(offset);
  }
  return out;
}

std::vector<SourceFrame> Symbolizer::frames(const CallSite& site) {
  std::vector<SourceFrame> out;
  for (void* address : site.addresses()) {
    const std::vector<Frame>& frames = frames_at(address);
    for (const Frame& frame : frames) {
      // What does not tell its namespace is of that of the function it was inlined into.
      const bool is_bare_inlined = is_bare(frame.symbol) && frame.symbol != "main";
      const std::string& telling = is_bare_inlined ? frames.back().symbol : frame.symbol;
      if (!is_passed_over(telling)) out.push_back(frame.source);
      if (frame.symbol == "main") return out;  // what called it is no part of the program
    }
  }
  return out;
}

}  // namespace adjoint
