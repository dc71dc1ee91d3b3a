import { bucketNamespace } from './remote-keys.js';

/** How many slots a Redis Cluster has; each belongs to one primary at a time. */
export const SLOTS = 16_384;

/**
 * What a Redis Cluster hashes slots with: CRC-16/XMODEM.
 *
 * @see
 *   https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#appendix-a-crc16-reference-implementation-in-ansi-c
 */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021);
  return crc;
});

function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ byte] as number);
  return crc;
}

/** The slot of every key and channel with this hash tag. */
export const slotOf = (tag: string): number => crc16(tag) % SLOTS;

/**
 * The bucket that `key`, a cache key in its encoded form, lies in. It is part of the protocol, so it must
 * never change.
 */
export const bucketOf = (key: string, count: number): number => crc16(key) % count;

/**
 * A share of a namespace's keys. All its keys and channels are in one slot, so they are on one primary at a
 * time.
 */
export interface ClusterBucket {
  /** What the names of its keys and channels begin with. */
  readonly namespace: string;
  readonly slot: number;
}

/** The buckets that a namespace is spread over. */
export function clusterBuckets(namespace: string, count: number): readonly ClusterBucket[] {
  return bucketTags(namespace, count).map((tag) => ({ namespace: bucketNamespace(tag), slot: slotOf(tag) }));
}

/**
 * The hash tags of a namespace's buckets: `app:0`, `app:1`, …. A cluster gives its primaries stretches of the
 * slots, so each bucket must lie in a stretch of its own; otherwise chance could put them all on one primary.
 * If `app:3` is not in its stretch, `app:3.1`, `app:3.2`, … are tried. The first bucket takes the slot it
 * gets: instances that do not agree about the number of buckets must find it as well.
 */
export function bucketTags(namespace: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, bucket) => {
    const name = `${namespace}:${bucket}`;
    if (bucket === 0) return name;
    let tag = name;
    for (let attempt = 1; Math.floor((slotOf(tag) * count) / SLOTS) !== bucket; attempt += 1) tag = `${name}.${attempt}`;
    return tag;
  });
}
