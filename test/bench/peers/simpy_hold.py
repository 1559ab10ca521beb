"""The hold model in SimPy (3 or 4): prints ns per event. Usage: simpy_hold.py PENDING EVENTS"""
import random
import sys
import time

import simpy

pending, events = int(sys.argv[1]), int(sys.argv[2])
draws = random.Random(1)
delays = [round(draws.expovariate(1e-6)) for _ in range(8192)]
env = simpy.Environment()
state = {'next': 0}


def actor():
    while True:
        state['next'] = (state['next'] + 1) & 8191
        yield env.timeout(delays[state['next']])


def play(n):
    for _ in range(n):
        env.step()


for _ in range(pending):
    env.process(actor())
play(2 * pending)
best = float('inf')
for _ in range(5):
    begin = time.process_time()
    play(events)
    best = min(best, (time.process_time() - begin) / events)
print(best * 1e9)
