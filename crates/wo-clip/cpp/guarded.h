// Keeps exceptions of C++ on this side of the border.

#pragma once

#include <c10/util/Exception.h>

#include <cstring>
#include <exception>

// NULL, or a message that the caller hands back to wo_free_message.
template <class Work> char *guarded(Work work) {
  try {
    work();
    return nullptr;
  } catch (const c10::Error &e) {
    return strdup(e.what_without_backtrace());
  } catch (const std::exception &e) {
    return strdup(e.what());
  } catch (...) {
    return strdup("an exception of unknown kind");
  }
}
