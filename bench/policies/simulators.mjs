// Hit ratios of replacement policies on a trace of numbers. Each answers how many of the accesses were hits.

/** Least recently used. */
export function lru(trace, capacity) {
  const held = new Map();
  let hits = 0;
  for (const key of trace) {
    if (held.delete(key)) hits += 1;
    else if (held.size === capacity) held.delete(held.keys().next().value);
    held.set(key, true);
  }
  return hits;
}

/** SIEVE as its authors write it: a linked list and a hand. Zhang et al., NSDI '24. */
export function sieve(trace, capacity) {
  const nodes = new Map();
  let head;
  let tail;
  let hand;
  let hits = 0;
  const remove = (node) => {
    if (node.newer) node.newer.older = node.older;
    else head = node.older;
    if (node.older) node.older.newer = node.newer;
    else tail = node.newer;
    nodes.delete(node.key);
  };
  for (const key of trace) {
    const found = nodes.get(key);
    if (found !== undefined) {
      hits += 1;
      found.visited = true;
      continue;
    }
    if (nodes.size === capacity) {
      let node = hand ?? tail;
      while (node.visited) {
        node.visited = false;
        node = node.newer ?? tail;
      }
      hand = node.newer;
      remove(node);
    }
    const node = { key, visited: false, older: head, newer: undefined };
    if (head) head.newer = node;
    head = node;
    tail ??= node;
    nodes.set(key, node);
  }
  return hits;
}

/** S3-FIFO: a small queue for newcomers, a main one, and the names of those that left the small one. Yang et al., SOSP '23. */
export function s3fifo(trace, capacity) {
  const smallSize = Math.max(1, Math.floor(capacity / 10));
  const small = new Map();
  const main = new Map();
  const ghost = new Map();
  let hits = 0;
  const first = (map) => map.entries().next().value;
  const evictMain = () => {
    for (;;) {
      const [key, count] = first(main);
      main.delete(key);
      if (count === 0) return;
      main.set(key, count - 1);
    }
  };
  const evict = () => {
    while (small.size > 0 && (small.size >= smallSize || main.size === 0)) {
      const [key, count] = first(small);
      small.delete(key);
      if (count > 1) {
        main.set(key, 0);
        if (main.size > capacity - smallSize) return evictMain();
      } else {
        ghost.set(key, true);
        if (ghost.size > capacity - smallSize) ghost.delete(ghost.keys().next().value);
        return;
      }
    }
    evictMain();
  };
  for (const key of trace) {
    const queue = small.has(key) ? small : main.has(key) ? main : undefined;
    if (queue !== undefined) {
      hits += 1;
      queue.set(key, Math.min(3, queue.get(key) + 1));
      continue;
    }
    if (small.size + main.size >= capacity) evict();
    if (ghost.delete(key)) main.set(key, 0);
    else small.set(key, 0);
  }
  return hits;
}

/** W-TinyLFU: a window of 1 %, a segmented LRU behind it, and a sketch of frequencies that decides who may go in. Einziger et al., TOS '17. */
export function wTinyLfu(trace, capacity) {
  const windowSize = Math.max(1, Math.floor(capacity / 100));
  const protectedSize = Math.floor((capacity - windowSize) * 0.8);
  const window = new Map();
  const probation = new Map();
  const protectedOnes = new Map();
  const sketch = new Sketch(capacity);
  let hits = 0;
  const oldest = (map) => map.keys().next().value;
  for (const key of trace) {
    sketch.add(key);
    if (window.delete(key)) {
      window.set(key, true);
      hits += 1;
    } else if (protectedOnes.delete(key)) {
      protectedOnes.set(key, true);
      hits += 1;
    } else if (probation.delete(key)) {
      hits += 1;
      protectedOnes.set(key, true);
      if (protectedOnes.size > protectedSize) {
        const demoted = oldest(protectedOnes);
        protectedOnes.delete(demoted);
        probation.set(demoted, true);
      }
    } else {
      window.set(key, true);
      if (window.size <= windowSize) continue;
      const candidate = oldest(window);
      window.delete(candidate);
      if (probation.size + protectedOnes.size < capacity - windowSize) {
        probation.set(candidate, true);
        continue;
      }
      const from = probation.size > 0 ? probation : protectedOnes;
      const victim = oldest(from);
      if (sketch.of(candidate) > sketch.of(victim)) {
        from.delete(victim);
        probation.set(candidate, true);
      }
    }
  }
  return hits;
}

/** Four rows of small counters, halved now and then. */
class Sketch {
  constructor(capacity) {
    this.size = 2 ** Math.ceil(Math.log2(capacity * 4));
    this.rows = Array.from({ length: 4 }, () => new Uint8Array(this.size));
    this.left = this.period = 10 * capacity;
  }
  at(key, row) {
    let h = Math.imul(key + 1, [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f][row]);
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    return (h ^ (h >>> 13)) & (this.size - 1);
  }
  add(key) {
    for (let row = 0; row < 4; row += 1) {
      const at = this.at(key, row);
      if (this.rows[row][at] < 15) this.rows[row][at] += 1;
    }
    this.left -= 1;
    if (this.left > 0) return;
    this.left = this.period;
    for (const row of this.rows) for (let i = 0; i < row.length; i += 1) row[i] >>= 1;
  }
  of(key) {
    return Math.min(...this.rows.map((row, i) => row[this.at(key, i)]));
  }
}

/** Belady's optimum: drops what is needed last; nobody who does not know the future can do better. */
export function belady(trace, capacity) {
  const next = new Float64Array(trace.length);
  const seen = new Map();
  for (let i = trace.length - 1; i >= 0; i -= 1) {
    next[i] = seen.get(trace[i]) ?? Infinity;
    seen.set(trace[i], i);
  }
  // A heap of [next use, key], the latest on top; entries that are out of date are skipped when they come up.
  const heap = [];
  const push = (item) => {
    let i = heap.push(item) - 1;
    for (let parent = (i - 1) >> 1; i > 0 && heap[parent][0] < item[0]; parent = (i - 1) >> 1) {
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = item;
  };
  const pop = () => {
    const [top] = heap;
    const last = heap.pop();
    if (heap.length > 0) {
      let i = 0;
      for (let child = 1; child < heap.length; child = 2 * i + 1) {
        if (child + 1 < heap.length && heap[child + 1][0] > heap[child][0]) child += 1;
        if (heap[child][0] <= last[0]) break;
        heap[i] = heap[child];
        i = child;
      }
      heap[i] = last;
    }
    return top;
  };
  const held = new Map();
  let hits = 0;
  for (let i = 0; i < trace.length; i += 1) {
    const key = trace[i];
    if (held.has(key)) hits += 1;
    else if (held.size === capacity) {
      let top = pop();
      while (held.get(top[1]) !== top[0]) top = pop();
      held.delete(top[1]);
    }
    held.set(key, next[i]);
    push([next[i], key]);
  }
  return hits;
}
