import type { ZoneConfig } from '../config.js';
import { Pgdat, setup_per_zone_lowmem_reserve, Zone } from './mmzone.js';

/** Builds the nodes from their zones, lowest zone first. */
export function build_nodes(configs: readonly ZoneConfig[]): Pgdat[] {
  const nodes: Pgdat[] = [];
  for (const config of configs) {
    nodes[config.node] ??= new Pgdat(config.node);
    const pgdat = nodes[config.node]!;
    const free = config.freePages ?? config.managedPages;
    const { node, name, presentPages, managedPages } = config;
    const index = pgdat.zones.length;
    pgdat.zones.push(new Zone(node, name, index, presentPages, managedPages, managedPages - free));
  }
  for (const pgdat of nodes) {
    setup_per_zone_lowmem_reserve(pgdat);
    configs
      .filter((config) => config.node === pgdat.id)
      .forEach((config, i) => {
        if (config.protectionPages !== null) {
          pgdat.zones[i]!.lowmem_reserve = [...config.protectionPages];
        }
      });
  }
  return nodes;
}

/** For each node its own zones from the highest down, then those of the other nodes by distance. */
export function build_zonelists(nodes: readonly Pgdat[]): Zone[][] {
  return nodes.map((home) => {
    const others = nodes
      .filter((pgdat) => pgdat !== home)
      .sort((a, b) => Math.abs(a.id - home.id) - Math.abs(b.id - home.id) || a.id - b.id);
    return [home, ...others].flatMap((pgdat) => [...pgdat.zones].reverse());
  });
}
