// The hold model in SimGrid, as actors that sleep: prints ns per event. Usage: simgrid_hold PENDING EVENTS
#include <simgrid/s4u.hpp>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>

namespace s4u = simgrid::s4u;

static std::vector<double> delays(8192);
static unsigned next_delay = 0;
static long done = 0;
static clock_t begin_clock;

int main(int argc, char** argv) {
  s4u::Engine engine(&argc, argv);
  long pending = argc > 1 ? atol(argv[1]) : 1000;
  long events = argc > 2 ? atol(argv[2]) : 200000;
  std::mt19937_64 draws(1);
  std::exponential_distribution<double> exponential(1e3);
  for (auto& delay : delays) delay = exponential(draws);
  auto* zone = s4u::create_full_zone("zone");
  auto* host = zone->create_host("host", 1e9);
  zone->seal();
  for (long i = 0; i < pending; i++) {
    s4u::Actor::create("hold", host, [pending, events] {
      for (;;) {
        next_delay = (next_delay + 1) & 8191;
        s4u::this_actor::sleep_for(delays[next_delay]);
        done++;
        if (done == 2 * pending) begin_clock = clock();
        if (done == 2 * pending + events) {
          printf("%f\n", double(clock() - begin_clock) / CLOCKS_PER_SEC * 1e9 / events);
          fflush(stdout);
          exit(0);
        }
      }
    });
  }
  engine.run();
}
