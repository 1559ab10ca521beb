// The hold model in ns-3: prints ns per event. Usage: ns3_hold PENDING EVENTS [SCHEDULER]
#include <ns3/core-module.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

using namespace ns3;

static std::vector<long> delays(8192);
static unsigned next_delay = 0;
static long left_events = 0;

static void Hold() {
  next_delay = (next_delay + 1) & 8191;
  Simulator::Schedule(NanoSeconds(delays[next_delay]), &Hold);
  if (--left_events == 0) Simulator::Stop();
}

int main(int argc, char** argv) {
  long pending = argc > 1 ? atol(argv[1]) : 1000;
  long events = argc > 2 ? atol(argv[2]) : 1000000;
  ObjectFactory scheduler;
  scheduler.SetTypeId(argc > 3 ? argv[3] : "ns3::PriorityQueueScheduler");
  Simulator::SetScheduler(scheduler);
  std::mt19937_64 draws(1);
  std::exponential_distribution<double> exponential(1e-6);
  for (auto& delay : delays) delay = static_cast<long>(exponential(draws));
  for (long i = 0; i < pending; i++) {
    Simulator::Schedule(NanoSeconds(delays[i & 8191]), &Hold);
  }
  double best = 1e300;
  for (int round = 0; round < 6; round++) {  // the first one warms up
    left_events = round == 0 ? 2 * pending : events;
    long n = left_events;
    clock_t begin = clock();
    Simulator::Run();
    double ns = double(clock() - begin) / CLOCKS_PER_SEC * 1e9 / n;
    if (round > 0 && ns < best) best = ns;
  }
  printf("%f\n", best);
}
