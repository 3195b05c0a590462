// SPDX-License-Identifier: MIT
// Vector clocks by byte range (hb.h).
#include "hb.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "cudasim.h"

namespace cudasim {
namespace {

std::string hex(uintptr_t x) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(x));
  return text;
}

// A copy's file and line are not known, but the function that it was called from is.
std::string describe_caller(const void* address) {
  Dl_info info{};
  if (!dladdr(address, &info) || !info.dli_fname) return "";
  const char* slash = std::strrchr(info.dli_fname, '/');
  std::string text =
      std::string(" (called from ") + (slash ? slash + 1 : info.dli_fname) + "+" +
      hex(reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(info.dli_fbase));
  if (info.dli_sname) text += std::string(", ") + info.dli_sname;
  return text + ")";
}

void report(const RangeAccess& overlap, const char* past_verb, const Site& past, const Site& now) {
  const bool host = now.kind == Site::Kind::host;
  const char* advice = now.frees ? "freed before that was waited for"
                       : host    ? "the host has not waited for it"
                                 : "a wait for an event is missing";
  violation(now.frees || past.frees ? "early reuse"
            : host                  ? "host race"
                                    : "race",
            std::to_string(overlap.end - overlap.begin) + " bytes at " + hex(overlap.begin) + ": " +
                past_verb + " by " + describe(past) + " and " +
                (overlap.write ? "written" : "read") + " by " + describe(now) +
                ", with nothing that orders the two: " + advice);
}

}  // namespace

void join(Clock& into, const Clock& from) {
  if (into.size() < from.size()) into.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i) into[i] = std::max(into[i], from[i]);
}

std::string describe(const Site& site) {
  std::string text = site.kind == Site::Kind::kernel ? "kernel " : "";
  text += site.what;
  if (site.file) text += std::string(" (") + site.file + ":" + std::to_string(site.line) + ")";
  if (site.caller) text += describe_caller(site.caller);
  if (site.kind != Site::Kind::host) text += " on stream " + std::to_string(site.stream);
  return text;
}

// Makes `at` a boundary between segments; the first segment at or after it.
RaceChecker::Segments::iterator RaceChecker::split(uintptr_t at) {
  auto next = segments_.lower_bound(at);
  if (next == segments_.begin()) return next;
  auto before = std::prev(next);
  if (before->second.end <= at) return next;
  Segment tail = before->second;
  before->second.end = at;
  return segments_.emplace_hint(next, at, std::move(tail));
}

void RaceChecker::fill_gaps(uintptr_t begin, uintptr_t end) {
  uintptr_t at = begin;
  for (auto it = split(begin); at < end;) {
    const uintptr_t gap_end = it == segments_.end() ? end : std::min(end, it->first);
    if (at < gap_end) segments_.emplace_hint(it, at, Segment{gap_end, {}, {}});
    if (it == segments_.end()) return;
    at = std::max(gap_end, it->second.end);
    ++it;
  }
}

void RaceChecker::access(const RangeAccess& access, const Operation& operation, const Site& site) {
  if (access.begin >= access.end) return;
  auto last = split(access.end);
  fill_gaps(access.begin, access.end);
  const auto first = split(access.begin);
  bool reported = false;  // one report an access, of the first bytes
  const auto check = [&](const Segment& segment, uintptr_t begin, const Past& past,
                         const char* verb) {
    if (reported || ordered(past.operation, operation)) return;
    reported = true;
    report({begin, segment.end, access.write}, verb, past.site, site);
  };
  last = segments_.lower_bound(access.end);
  for (auto it = first; it != last; ++it) {
    Segment& segment = it->second;
    check(segment, it->first, segment.write, "written");
    if (access.write) {
      for (const Past& read : segment.reads) check(segment, it->first, read, "read");
      segment.reads.clear();
      segment.write = {operation, site};
      continue;
    }
    const auto same_slot =
        std::find_if(segment.reads.begin(), segment.reads.end(),
                     [&](const Past& p) { return p.operation.epoch.slot == operation.epoch.slot; });
    if (same_slot == segment.reads.end()) {
      segment.reads.push_back({operation, site});
    } else if (same_slot->operation.epoch.time <= operation.epoch.time) {
      *same_slot = {operation, site};
    }
  }
  if (!access.write || first == last) return;
  // A range that was written as a whole has one past.
  first->second.end = access.end;
  segments_.erase(std::next(first), last);
}

// Hands the first access that the host has not synchronised with to `found(overlap, verb, past)`.
template <class Found>
bool RaceChecker::find_unsettled(const RangeAccess& access, const Clock& host,
                                 Found&& found) const {
  auto it = segments_.upper_bound(access.begin);
  if (it != segments_.begin()) --it;
  for (; it != segments_.end() && it->first < access.end; ++it) {
    const Segment& segment = it->second;
    const RangeAccess overlap{std::max(it->first, access.begin), std::min(segment.end, access.end),
                              access.write};
    if (overlap.begin >= overlap.end) continue;
    if (!happened_before(segment.write.operation.epoch, host)) {
      found(overlap, "written", segment.write);
      return true;
    }
    for (const Past& read : segment.reads) {
      if (!access.write || happened_before(read.operation.epoch, host)) continue;
      found(overlap, "read", read);
      return true;
    }
  }
  return false;
}

void RaceChecker::host_access(const RangeAccess& access, const Clock& host, const Site& site) {
  find_unsettled(access, host, [&](const RangeAccess& overlap, const char* verb, const Past& past) {
    report(overlap, verb, past.site, site);
  });
}

bool RaceChecker::settled(const RangeAccess& access, const Clock& host) const {
  return !find_unsettled(access, host, [](const RangeAccess&, const char*, const Past&) {});
}

void RaceChecker::forget(uintptr_t begin, uintptr_t end) {
  const auto last = split(end);
  segments_.erase(split(begin), last);
}

}  // namespace cudasim
