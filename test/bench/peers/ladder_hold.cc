// The hold model with a ladder queue in C++, without a simulator around it: prints ns per event.
// Events can't be cancelled and call nothing, so this is how near to the machine one can get.
// Usage: ladder_hold PENDING EVENTS
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

struct Event {
  uint64_t time;
  uint32_t seq;
  uint32_t slot;
};

static bool later(const Event& a, const Event& b) {
  return a.time != b.time ? a.time > b.time : a.seq > b.seq;
}

// A rung divides a span of time into buckets of one width; those before `at` are empty.
struct Rung {
  uint64_t begin = 0, width = 1;
  size_t at = 0, used = 0;
  std::vector<std::vector<Event>> buckets;

  uint64_t now() const { return begin + at * width; }
};

class LadderQueue {
  static constexpr size_t kBottomMax = 48;
  static constexpr size_t kRungsMax = 8;
  std::vector<Event> top_, bottom_, spare_;
  uint64_t top_begin_ = 0, top_min_ = UINT64_MAX, top_max_ = 0;
  Rung rungs_[kRungsMax];
  size_t depth_ = 0;
  uint32_t seq_ = 0;

 public:
  void push(uint64_t time, uint32_t slot) {
    Event event{time, seq_++, slot};
    if (time >= top_begin_) {
      top_min_ = std::min(top_min_, time);
      top_max_ = std::max(top_max_, time);
      top_.push_back(event);
      return;
    }
    for (size_t i = 0; i < depth_; i++) {
      Rung& rung = rungs_[i];
      if (time < rung.now()) continue;
      rung.buckets[(time - rung.begin) / rung.width].push_back(event);
      return;
    }
    // Sorted, the next one last.
    bottom_.insert(std::lower_bound(bottom_.begin(), bottom_.end(), event, later), event);
  }

  Event pop() {
    if (bottom_.empty()) refill();
    Event next = bottom_.back();
    bottom_.pop_back();
    return next;
  }

 private:
  void refill() {
    for (;;) {
      if (depth_ == 0) {
        open_rung(top_, top_min_, top_max_);
        top_begin_ = rungs_[0].begin + rungs_[0].used * rungs_[0].width;
        top_min_ = UINT64_MAX;
        top_max_ = 0;
      }
      Rung& rung = rungs_[depth_ - 1];
      while (rung.at < rung.used && rung.buckets[rung.at].empty()) rung.at++;
      if (rung.at == rung.used) {
        depth_--;
        continue;
      }
      uint64_t begin = rung.now();
      spare_.swap(rung.buckets[rung.at]);
      rung.at++;
      if (spare_.size() > kBottomMax && rung.width > 1 && depth_ < kRungsMax) {
        open_rung(spare_, begin, begin + rung.width - 1);
        continue;
      }
      std::sort(spare_.begin(), spare_.end(), later);
      bottom_.swap(spare_);
      spare_.clear();
      return;
    }
  }

  void open_rung(std::vector<Event>& events, uint64_t first, uint64_t last) {
    Rung& rung = rungs_[depth_++];
    size_t wanted = events.size() / 2 + 1;
    rung.begin = first;
    rung.width = (last - first) / wanted + 1;
    rung.used = (last - first) / rung.width + 1;
    rung.at = 0;
    if (rung.buckets.size() < rung.used) rung.buckets.resize(rung.used);
    for (const Event& event : events) {
      rung.buckets[(event.time - first) / rung.width].push_back(event);
    }
    events.clear();
  }
};

int main(int argc, char** argv) {
  long pending = argc > 1 ? atol(argv[1]) : 1000;
  long events = argc > 2 ? atol(argv[2]) : 1000000;
  std::vector<uint64_t> delays(8192);
  std::mt19937_64 draws(1);
  std::exponential_distribution<double> exponential(1e-6);
  for (auto& delay : delays) delay = static_cast<uint64_t>(exponential(draws));
  LadderQueue queue;
  unsigned next = 0;
  for (long i = 0; i < pending; i++) queue.push(delays[i & 8191], static_cast<uint32_t>(i));
  double best = 1e300;
  uint64_t before = 0;
  for (int round = 0; round < 6; round++) {  // the first one warms up
    long n = round == 0 ? 2 * pending : events;
    clock_t begin = clock();
    for (long i = 0; i < n; i++) {
      Event event = queue.pop();
      if (event.time < before) abort();  // time never goes back
      before = event.time;
      next = (next + 1) & 8191;
      queue.push(event.time + delays[next], event.slot);
    }
    double ns = double(clock() - begin) / CLOCKS_PER_SEC * 1e9 / n;
    if (round > 0 && ns < best) best = ns;
  }
  printf("%f\n", best);
}
