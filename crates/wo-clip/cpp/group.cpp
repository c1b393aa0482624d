// Process groups of libtorch (c10d): the store at which processes meet, and Gloo. Each function gives NULL, or a message
// that the caller hands back to wo_free_message; no exception leaves this file.

#include "guarded.h"

#include <ATen/ATen.h>
#include <c10/util/Flags.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

C10_DECLARE_int(caffe2_log_level);

namespace {

using at::Tensor;
using c10d::ProcessGroupGloo;
using std::chrono::milliseconds;
using Store = c10::intrusive_ptr<c10d::Store>;
using Gloo = c10::intrusive_ptr<ProcessGroupGloo>;

// c10d tells what it tries on stderr. Whoever calls says it in their own words, and only once it has failed.
void be_quiet() {
  constexpr int above_errors = 3;
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr)
    FLAGS_caffe2_log_level = above_errors;
}

std::string text_of(const std::vector<uint8_t> &bytes) { return {bytes.begin(), bytes.end()}; }

} // namespace

extern "C" {

// Opens the store, or connects to it, for at most so long.
char *wo_store_open(const char *host, uint16_t port, bool is_server, const char *prefix, int64_t timeout_ms, Store **store) {
  return guarded([&] {
    be_quiet();
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = is_server;
    options.waitWorkers = false;
    options.timeout = milliseconds(timeout_ms);
    auto whole = c10::make_intrusive<c10d::TCPStore>(host, options);
    *store = new Store(c10::make_intrusive<c10d::PrefixStore>(prefix, std::move(whole)));
  });
}

void wo_store_free(Store *store) { delete store; }

char *wo_store_set(Store *store, const char *key, const char *value) {
  return guarded([&] { (*store)->set(key, std::string(value)); });
}

// Adds one to a counter and gives what it comes to.
char *wo_store_count(Store *store, const char *key, int64_t *count) {
  return guarded([&] { *count = (*store)->add(key, 1); });
}

// The values of `KEY0` to `KEYn`, each on a line, once all are there or the time is up; an empty line for one that is not
// there. None of them holds a line break.
char *wo_store_gather(Store *store, const char *key, size_t n, int64_t timeout_ms, char **values) {
  return guarded([&] {
    std::vector<std::string> keys;
    for (size_t i = 0; i < n; ++i)
      keys.push_back(key + std::to_string(i));
    try {
      (*store)->wait(keys, milliseconds(timeout_ms));
    } catch (const std::exception &) {
      // What is missing is seen below; a store that is gone throws again.
    }
    std::string lines;
    for (const auto &one : keys) {
      if ((*store)->check({one}))
        lines += text_of((*store)->get(one));
      lines += '\n';
    }
    *values = strdup(lines.c_str());
  });
}

// Connects this process with all others. It listens at `address`; an empty one leaves the choice to c10d, which asks
// GLOO_SOCKET_IFNAME.
char *wo_gloo_open(Store *store, int rank, int world, const char *address, int64_t join_ms, int64_t timeout_ms, Gloo **gloo) {
  return guarded([&] {
    c10::intrusive_ptr<ProcessGroupGloo::Options> options;
    if (*address == '\0') {
      options = ProcessGroupGloo::Options::create_default(milliseconds(join_ms));
    } else {
      options = ProcessGroupGloo::Options::create(milliseconds(join_ms));
      options->devices.push_back(ProcessGroupGloo::createDeviceForHostname(address));
    }
    auto group = c10::make_intrusive<ProcessGroupGloo>(*store, rank, world, std::move(options));
    group->setTimeout(milliseconds(timeout_ms));
    *gloo = new Gloo(std::move(group));
  });
}

void wo_gloo_free(Gloo *gloo) { delete gloo; }

// Sums a tensor over all processes, in place, and waits for it.
char *wo_gloo_sum(Gloo *gloo, Tensor *tensor) {
  return guarded([&] {
    std::vector<Tensor> tensors{*tensor};
    c10d::AllreduceOptions options;
    options.reduceOp = c10d::ReduceOp::SUM;
    (*gloo)->allreduce(tensors, options)->wait();
  });
}

// Takes the tensor of process 0, in place, and waits for it.
char *wo_gloo_broadcast(Gloo *gloo, Tensor *tensor) {
  return guarded([&] {
    std::vector<Tensor> tensors{*tensor};
    (*gloo)->broadcast(tensors, c10d::BroadcastOptions())->wait();
  });
}
}
