/** What `oomsim list` can list; apart from list.ts so that the command line knows it cheaply. */
export const LISTS = [
  'workloads',
  'experiments',
  'metrics',
  'kernels',
  'policies',
  'killers',
  'switches',
] as const;
export type ListName = (typeof LISTS)[number];
