// What all files here share: no exception leaves them, and lists of tensors come as bare pointers.

#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <cstddef>
#include <cstring>
#include <exception>
#include <vector>

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

inline std::vector<at::Tensor> listed(at::Tensor *const *tensors, size_t n) {
  std::vector<at::Tensor> list;
  list.reserve(n);
  for (size_t i = 0; i < n; ++i)
    list.push_back(*tensors[i]);
  return list;
}
